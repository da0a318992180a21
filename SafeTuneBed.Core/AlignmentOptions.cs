using System.ComponentModel.DataAnnotations;

namespace SafeTuneBed;

/// <summary>
/// Base of the settings of a method that acts at the stage <see cref="MethodStage.Alignment"/>: beside its own numbers, how the stage's adapter is trained. These settings are
/// the method's own. The data set's task recipe, the bed's and the grid's settings are the user's fine-tuning's and don't reach it, so that one alignment serves every data set.
/// </summary>
/// <remarks>A subclass puts its paper's values into the initialisers; what is null falls to the library's defaults (<see cref="TrainingConfig"/>, <see cref="LoraConfig"/>).</remarks>
public abstract class AlignmentOptions : MethodOptions
{
    /// <summary>The loop over the defender's rows, the stream <c>align</c>. An epoch is one pass over them.</summary>
    public TrainingOptions Training { get; set; } = new();

    /// <summary>
    /// Rows of the stream <c>align</c> that the stage learns, at most: so many of them by the seed. Null, the default, takes all that the stream has. So methods whose papers use
    /// different numbers stand in one grid.
    /// </summary>
    [Range(1, 100_000_000)]
    public int? Rows { get; set; }

    /// <summary>The stage's adapter. It is merged into the model before the user's fine-tuning, which attaches one of its own.</summary>
    public LoraOptions Lora { get; set; } = new();
}
