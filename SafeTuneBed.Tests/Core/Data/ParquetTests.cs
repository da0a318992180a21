using Parquet;
using Parquet.Serialization;
using SafeTuneBed.Data;

namespace SafeTuneBed.Tests.Core.Data;

public sealed class ParquetTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Parquet_OfSeveralRowGroups_GivesTheTextsThatJsonWouldGive()
    {
        string path = await WriteAsync("rows.parquet", 1_000, rowGroup: 300);
        string json = folder.Write("rows.jsonl", string.Concat(Enumerable.Range(0, 1_000).Select(i =>
            $"{{\"text\":{(i % 7 == 0 ? "null" : $"\"täxt {i}\\r\\nNone\"")},\"number\":{i},\"flag\":{(i % 2 == 0 ? "true" : "false")},\"score\":0.5,\"choices\":[\"a\",\"é\\\"{i}\"],\"kinds\":{{\"theft\":true,\"other\":false}}}}\n")));

        List<RawRecord> expected = [.. RecordStream.Read(json, DatasetFormat.JsonLines, null, default)];
        List<RawRecord> records = [.. RecordStream.Read(path, DatasetFormat.Parquet, null, default)];

        Assert.Equal(expected.Select(r => r.Fields.OrderBy(f => f.Key, StringComparer.Ordinal)), records.Select(r => r.Fields.OrderBy(f => f.Key, StringComparer.Ordinal)));
        Assert.Equal(Enumerable.Range(1, 1_000).Select(i => (long)i), records.Select(r => r.Line));
    }

    [Fact]
    public async Task Parquet_FilesOfAFolder_AreReadInTheOrderOfTheirNames()
    {
        await WriteAsync("sst2/train-00001.parquet", 3);
        await WriteAsync("sst2/train-00000.parquet", 2);
        FinetuneDatasetConfig config = Bed.Memory("own") with { Source = DatasetSource.Parquet("sst2/train-*.parquet"), Mapping = RecordMapping.Columns("number", output: "flag") };

        PreparedDataset set = await Bed.Catalog(folder.Path).PrepareAsync(config);

        Assert.Equal([(0L, "0"), (1L, "1"), (2L, "0"), (3L, "1"), (4L, "2")], set.Examples.Select(e => (e.Origin.Index, e.Instruction)).Order());
        Assert.Equal("train-00000.parquet and 1 more", set.Manifest.Sources[0].File);
    }

    [Fact]
    public async Task Parquet_CutOffAnywhere_IsRefused()
    {
        byte[] whole = File.ReadAllBytes(await WriteAsync("rows.parquet", 60, rowGroup: 20));
        for (int length = 0; length < whole.Length; length += 1 + (whole.Length / 120))
        {
            string path = folder.Write("cut.parquet", whole[..length]);

            Assert.Contains("Parquet", Assert.Throws<DatasetFormatException>(() => RecordStream.Read(path, DatasetFormat.Parquet, null, default).Count()).Message, StringComparison.Ordinal);
        }
    }

    private async Task<string> WriteAsync(string name, int rows, int? rowGroup = null)
    {
        string path = folder.Write(name, "");
        await using FileStream file = File.Create(path);
        await ParquetSerializer.SerializeAsync(
            Enumerable.Range(0, rows).Select(i => new Row
            {
                text = i % 7 == 0 ? null : $"täxt {i}\r\nNone", number = i, flag = i % 2 == 0, score = 0.5, choices = ["a", $"é\"{i}"], kinds = new Kinds { theft = true },
            }),
            file,
            new ParquetOptions { RowGroupSize = rowGroup });
        return path;
    }

#pragma warning disable IDE1006 // columns of published files are in lower case
    private sealed class Row
    {
        public string? text { get; set; }

        public long number { get; set; }

        public bool flag { get; set; }

        public double score { get; set; }

        public List<string>? choices { get; set; }

        public Kinds? kinds { get; set; }
    }

    private sealed class Kinds
    {
        public bool theft { get; set; }

        public bool other { get; set; }
    }
#pragma warning restore IDE1006
}
