using System.ComponentModel.DataAnnotations;

namespace SafeTuneBed.Methods.SafeLora;

/// <summary>Which layers SafeLoRA changes.</summary>
public enum ProjectionMode
{
    /// <summary>The layers with the smallest cosines, so many of them.</summary>
    Number,

    /// <summary>The layers whose cosine is at most a threshold.</summary>
    Threshold,
}

/// <summary>What a layer's update is projected with. V = aligned - base weight of the layer.</summary>
public enum AlignmentProjector
{
    /// <summary>V Vᵀ / ‖V‖: the paper's stand-in, neither idempotent nor free of V's scale.</summary>
    Approximate,

    /// <summary>
    /// The orthogonal projector onto the column space of V. The identity where V has full row rank, as dense alignments
    /// do.
    /// </summary>
    Exact,
}

/// <summary>How SafeLoRA measures and chooses: shared with its control, so that both change the same layers.</summary>
public abstract class ProjectionOptions : MethodOptions
{
    /// <summary>How layers are chosen. Default by number, as in the authors' configuration.</summary>
    public ProjectionMode Mode { get; set; } = ProjectionMode.Number;

    /// <summary>
    /// Layers to change, in the mode <see cref="ProjectionMode.Number"/>: those with the smallest cosines, and all that
    /// tie with the last of them. Default 10, the authors'; 0 changes none.
    /// </summary>
    [Range(0, 1_000_000)]
    public int Number { get; set; } = 10;

    /// <summary>
    /// Largest cosine of a layer that is changed, -1 to 1, in the mode <see cref="ProjectionMode.Threshold"/>. Default
    /// 0.5, the authors'; 1 changes all.
    /// </summary>
    [Range(-1.0, 1.0)]
    public double Threshold { get; set; } = 0.5;

    /// <summary>Default <see cref="AlignmentProjector.Approximate"/>, the published one.</summary>
    public AlignmentProjector Projector { get; set; } = AlignmentProjector.Approximate;
}

/// <summary>Settings of SafeLoRA; all are those of <see cref="ProjectionOptions"/>.</summary>
public sealed class SafeLoraOptions : ProjectionOptions
{
}
