using TorchSharp;

namespace SafeTuneBed;

/// <summary>A batch of tokenized rows: padded on the right, or packed one after the other into a single line.</summary>
public sealed class TokenBatch : IDisposable
{
    private readonly IReadOnlyList<int> owners;

    internal TokenBatch(
        torch.Tensor inputIds,
        torch.Tensor labels,
        torch.Tensor lossPositions,
        torch.Tensor targets,
        IReadOnlyList<int> rowIds,
        IReadOnlyList<int> lengths,
        IReadOnlyList<ExampleRole> roles,
        IReadOnlyList<int> owners)
    {
        (InputIds, Labels, LossPositions, Targets, RowIds, Lengths, Roles, this.owners) = (inputIds, labels, lossPositions, targets, rowIds, lengths, roles, owners);
    }

    /// <summary>[B, T] int64. Padding holds 0, which no real position attends to. Packed: [1, sum of <see cref="Lengths"/>], and no row attends to another.</summary>
    public torch.Tensor InputIds { get; }

    /// <summary>As <see cref="InputIds"/>; -100 at prompt and padding positions. Not shifted: the loss shifts.</summary>
    public torch.Tensor Labels { get; }

    /// <summary>[N] int64: flat places (b * T + t where padded) whose hidden state predicts a supervised token.</summary>
    public torch.Tensor LossPositions { get; }

    /// <summary>[N] int64: the supervised tokens, in the order of <see cref="LossPositions"/>.</summary>
    public torch.Tensor Targets { get; }

    /// <summary>Row ids, in batch order.</summary>
    public IReadOnlyList<int> RowIds { get; }

    /// <summary>Real tokens of each row.</summary>
    public IReadOnlyList<int> Lengths { get; }

    /// <summary>For each row the flat place of its first token in <see cref="InputIds"/>.</summary>
    public IReadOnlyList<int> RowStarts { get; internal init; } = [];

    /// <summary>Whether the rows stand one after the other in a single line (<see cref="TrainingOptions.Packing"/>).</summary>
    public bool IsPacked { get; internal init; }

    /// <summary>Role of each row.</summary>
    public IReadOnlyList<ExampleRole> Roles { get; }

    /// <summary>For each of the N supervised tokens the row of the batch that it belongs to.</summary>
    public IReadOnlyList<int> TargetRows => owners;

    /// <summary>For each of the N supervised tokens its place among those of its row, from 0: where the response begins.</summary>
    public IReadOnlyList<int> TargetPlaces
    {
        get
        {
            var next = new Dictionary<int, int>();
            return [.. owners.Select(row => (next[row] = next.GetValueOrDefault(row) + 1) - 1)];
        }
    }

    /// <summary>N, the tokens that carry loss.</summary>
    public int SupervisedTokenCount => owners.Count;

    /// <summary>The rows, where the run made the batch of rows.</summary>
    internal IReadOnlyList<TokenizedExample> Rows { get; init; } = [];

    /// <summary>The number of its dropout masks, once a pass has been made over it.</summary>
    internal long? DropoutPass { get; set; }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        InputIds.Dispose();
        Labels.Dispose();
        LossPositions.Dispose();
        Targets.Dispose();
    }
}
