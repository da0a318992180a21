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
    public void Collate_NothingSupervised_Throws() =>
        Assert.Throws<ArgumentException>(() => BatchCollator.Collate([new TokenizedExample { RowId = 0, InputIds = [1, 2], PromptTokenCount = 2 }], torch.CPU));
}
