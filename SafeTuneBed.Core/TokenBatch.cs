using TorchSharp;

namespace SafeTuneBed;

/// <summary>A right-padded batch of tokenized rows.</summary>
public sealed class TokenBatch
{
    internal TokenBatch(torch.Tensor inputIds, torch.Tensor labels, IReadOnlyList<int> rowIds, IReadOnlyList<int> lengths, IReadOnlyList<ExampleRole> roles, int supervisedTokenCount)
    {
        (InputIds, Labels, RowIds, Lengths, Roles, SupervisedTokenCount) = (inputIds, labels, rowIds, lengths, roles, supervisedTokenCount);
    }

    /// <summary>[B, T] int64; padding is 0, which no real position attends to.</summary>
    public torch.Tensor InputIds { get; }

    /// <summary>[B, T] int64; -100 at prompt and padding positions. Unshifted: the loss shifts.</summary>
    public torch.Tensor Labels { get; }

    /// <summary>Row ids, in batch order.</summary>
    public IReadOnlyList<int> RowIds { get; }

    /// <summary>Real tokens of each row.</summary>
    public IReadOnlyList<int> Lengths { get; }

    /// <summary>Role of each row.</summary>
    public IReadOnlyList<ExampleRole> Roles { get; }

    /// <summary>Positions that carry loss (labels at positions 1 and later).</summary>
    public int SupervisedTokenCount { get; }
}
