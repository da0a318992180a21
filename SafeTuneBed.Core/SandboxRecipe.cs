using System.ComponentModel.DataAnnotations;

namespace SafeTuneBed;

/// <summary>What decides how a sandbox comes out.</summary>
public sealed record SandboxRecipe
{
    /// <summary>Which world: which steps are right for what, which facts hold, which pairs are held out, every row. World 0 is dealt like the embedded one.</summary>
    public ulong WorldSeed { get; init; }

    /// <summary>Weights at the start and order of the texts in training.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Steps of pretraining, of 2,048 tokens each. At 200 it knows nothing of its world, at 2,000 all but the numbers of queries.</summary>
    [Range(1, 1_000_000)]
    public int PretrainingSteps { get; init; } = 2_000;

    /// <summary>Steps of alignment, of 16 rows each.</summary>
    [Range(1, 1_000_000)]
    public int AlignmentSteps { get; init; } = 600;

    /// <summary>Threads that torch may use; null for all processors of this process. Results are equal to the bit only for equal counts.</summary>
    [Range(1, 1_024)]
    public int? Threads { get; init; }
}
