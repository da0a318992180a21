namespace SafeTuneBed.Tests.Core.Data;

/// <summary>A set that comes out too small says which file, how many rows, and what helps.</summary>
public sealed class ShortageTextTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Build_RowsOverLength_NamesFileCountsAndTheLimit()
    {
        Write(12);
        InsufficientRecordsException fault = await Assert.ThrowsAsync<InsufficientRecordsException>(() => Bed.Catalog(folder.Path).PrepareAsync(Config(10), maxLength: 2));
        Assert.Equal(("x", 10L, 0L), (fault.Corpus, fault.Needed, fault.Available));
        Assert.Contains("x.jsonl holds 12 records. Left out: 12 by over-length. Rows over-length have more than 2 tokens: raise MaxLength", fault.Message, StringComparison.Ordinal);
        Assert.Contains("TruncateInput", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Build_EmptyFile_SaysSo()
    {
        folder.Write("x.jsonl", "\n");
        InsufficientRecordsException fault = await Assert.ThrowsAsync<InsufficientRecordsException>(() => Bed.Catalog(folder.Path).PrepareAsync(Config(null)));
        Assert.Contains("x.jsonl holds 0 records. Give a file that holds records.", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Build_ConditionThatNothingMeets_PointsToTheConditions()
    {
        Write(12);
        FinetuneDatasetConfig config = Config(10) with { Source = DatasetSource.JsonLines("x.jsonl").Where("q", "nothing") };
        InsufficientRecordsException fault = await Assert.ThrowsAsync<InsufficientRecordsException>(() => Bed.Catalog(folder.Path).PrepareAsync(config));
        Assert.Contains("x.jsonl holds 12 records, 0 of them after the source's filters and part. No record meets the source's conditions: check Where", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Build_EmptyAnswers_PointsToTheMapping()
    {
        folder.Write("x.jsonl", string.Concat(Enumerable.Range(0, 5).Select(i => $"{{\"q\":\"ask {i}\",\"a\":\"\"}}\n")));
        InsufficientRecordsException fault = await Assert.ThrowsAsync<InsufficientRecordsException>(() => Bed.Catalog(folder.Path).PrepareAsync(Config(4)));
        Assert.Contains("Left out: 5 by empty-text. Rows with empty text have no request or no answer: check that the mapping names the right columns.", fault.Message, StringComparison.Ordinal);
    }

    private void Write(int rows) => folder.Write("x.jsonl", string.Concat(Enumerable.Range(0, rows).Select(i => $"{{\"q\":\"please ask {i}\",\"a\":\"some answer {i}\"}}\n")));

    private static FinetuneDatasetConfig Config(int? count) => new("x")
    {
        Source = DatasetSource.JsonLines("x.jsonl"),
        Mapping = RecordMapping.Columns("q", output: "a"),
        Count = count,
    };
}
