using System.Globalization;

namespace SafeTuneBed;

/// <summary>
/// What a cell will need in memory at its peak, from shapes alone, in bytes: of main memory where it computes on the CPU, of the card's where it computes there.
/// Training and asking come one after the other, so the larger of the two counts.
/// </summary>
/// <remarks>
/// It counts what is in use. On the CPU the C library may hold more than that once it is freed: see the docs page on models. A method that keeps further
/// tensors (snapshots, reference logits) needs them on top.
/// </remarks>
public sealed record MemoryEstimate
{
    /// <summary>The process itself: runtime, libtorch and its workspaces, as measured with a minimal model.</summary>
    public long Process { get; init; }

    /// <summary>The base model in the type in which it is held.</summary>
    public long Weights { get; init; }

    /// <summary>Adapters, their gradients and the optimizer's two moments, all in 32 bits.</summary>
    public long Adapters { get; init; }

    /// <summary>What a step of one batch of the longest rows keeps for its backward pass, and the largest thing that it makes on the way.</summary>
    public long Activations { get; init; }

    /// <summary>Keys and values of a full batch of answers, and the logits and intermediate results of computing its prompts.</summary>
    public long Generation { get; init; }

    /// <summary>The peak.</summary>
    public long Total => Process + Weights + Math.Max(Adapters + Activations, Generation);

    /// <summary>One line, in units of 10^6 bytes.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Total / 1e6:N0} MB: process {Process / 1e6:N0}, weights {Weights / 1e6:N0}, and the larger of training ({Adapters / 1e6:N0} adapters and optimizer + {Activations / 1e6:N0} activations) and asking ({Generation / 1e6:N0})");
}
