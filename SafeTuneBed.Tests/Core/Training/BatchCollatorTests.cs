using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Training;
using TorchSharp;

namespace SafeTuneBed.Tests.Core.Training;

[Collection(TorchCollection.Name)]
public sealed class BatchCollatorTests
{
    [Fact]
    public void Collate_UnequalRows_MasksPromptAndPaddingAndPointsOneTokenBack()
    {
        TokenizedExample[] rows =
        [
            new() { RowId = 4, InputIds = [7, 8, 9, 10], PromptTokenCount = 2, Role = ExampleRole.Harmful },
            new() { RowId = 9, InputIds = [1, 0], PromptTokenCount = 1 }, // a real id 0 is not padding
        ];
        using TokenBatch batch = BatchCollator.Collate(rows, torch.CPU);
        Assert.Equal([7, 8, 9, 10, 1, 0, 0, 0], batch.InputIds.data<long>().ToArray());
        Assert.Equal([-100, -100, 9, 10, -100, 0, -100, -100], batch.Labels.data<long>().ToArray());
        Assert.Equal([1, 2, 4], batch.LossPositions.data<long>().ToArray());
        Assert.Equal([9, 10, 0], batch.Targets.data<long>().ToArray());
        Assert.Equal([0, 0, 1], batch.TargetRows);
        Assert.Equal([4, 9], batch.RowIds);
        Assert.Equal([4, 2], batch.Lengths);
        Assert.Equal([ExampleRole.Harmful, ExampleRole.Benign], batch.Roles);
        Assert.Equal(3, batch.SupervisedTokenCount);
    }

    [Fact]
    public void Collate_Packed_PutsRowsInOneLineAndKeepsWhoseEachTokenIs()
    {
        TokenizedExample[] rows =
        [
            new() { RowId = 4, InputIds = [7, 8], PromptTokenCount = 1, Role = ExampleRole.Harmful },
            new() { RowId = 9, InputIds = [1, 0, 5], PromptTokenCount = 1 },
            new() { RowId = 2, InputIds = [3, 6], PromptTokenCount = 1, Role = ExampleRole.Guide },
        ];
        using TokenBatch batch = BatchCollator.Collate(rows, torch.CPU, packed: true);
        Assert.True(batch.IsPacked);
        Assert.Equal([1, 7], batch.InputIds.shape);
        Assert.Equal([7, 8, 1, 0, 5, 3, 6], batch.InputIds.data<long>().ToArray());
        Assert.Equal([-100, 8, -100, 0, 5, -100, 6], batch.Labels.data<long>().ToArray());
        Assert.Equal([0, 2, 3, 5], batch.LossPositions.data<long>().ToArray());
        Assert.Equal([8, 0, 5, 6], batch.Targets.data<long>().ToArray());
        Assert.Equal([0, 1, 1, 2], batch.TargetRows);
        Assert.Equal([0, 2, 5], batch.RowStarts);
        Assert.Equal([4, 9, 2], batch.RowIds);
        Assert.Equal([2, 3, 2], batch.Lengths);
        Assert.Equal([ExampleRole.Harmful, ExampleRole.Benign, ExampleRole.Guide], batch.Roles);
    }

    [Fact]
    public void Collate_Padded_BeginsEachRowAtItsLine() =>
        Assert.Equal([0, 3], BatchCollator.Collate([.. new[] { 3, 2 }.Select(n => new TokenizedExample { RowId = n, InputIds = new int[n], PromptTokenCount = 1 })], torch.CPU).RowStarts);

    [Fact]
    public void Collate_NothingSupervised_Throws() =>
        Assert.Throws<ArgumentException>(() => BatchCollator.Collate([new TokenizedExample { RowId = 0, InputIds = [1, 2], PromptTokenCount = 2 }], torch.CPU));
}
