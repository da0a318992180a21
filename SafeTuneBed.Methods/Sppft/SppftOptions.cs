using System.ComponentModel.DataAnnotations;

namespace SafeTuneBed.Methods.Sppft;

/// <summary>Settings of safely partial-parameter fine-tuning.</summary>
public sealed class SppftOptions : MethodOptions, IValidatableObject
{
    /// <summary>
    /// The first block that is frozen, from 0. Null, the default: as deep in the model as the paper's block 5 of 32
    /// (arXiv 2408.17003), rounded.
    /// </summary>
    [Range(0, 10_000)]
    public int? FirstFrozen { get; set; }

    /// <summary>
    /// The last block that is frozen, from 0. Null, the default: as deep as the paper's 14 of 32, rounded.
    /// </summary>
    [Range(0, 10_000)]
    public int? LastFrozen { get; set; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (FirstFrozen > LastFrozen)
        {
            yield return new ValidationResult(FormattableString.Invariant(
                $"FirstFrozen is {FirstFrozen} and LastFrozen {LastFrozen}: no block would be frozen. ")
                + "Give the smaller number to FirstFrozen.");
        }
    }

    /// <summary>
    /// The frozen blocks of a model, both ends included. The border lies as deep as the paper's: 5/32 and 15/32 of the
    /// way.
    /// </summary>
    /// <param name="layers">Blocks of the model.</param>
    internal (int First, int Last) Frozen(int layers)
    {
        int first = FirstFrozen ?? Math.Min(Depth(5, layers), LastFrozen ?? layers);
        return (first, LastFrozen ?? Math.Max(first, Depth(15, layers) - 1));
    }

    /// <summary>The last block that is named, which the model must have.</summary>
    internal MethodNeeds NamedBlock => LastFrozen is { } last ? MethodNeeds.Block(last, nameof(LastFrozen))
        : FirstFrozen is { } first ? MethodNeeds.Block(first, nameof(FirstFrozen))
        : MethodNeeds.None;

    private static int Depth(int of32, int layers) =>
        (int)Math.Round(of32 * layers / 32.0, MidpointRounding.AwayFromZero);
}
