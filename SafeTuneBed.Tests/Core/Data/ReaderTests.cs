using System.Globalization;
using System.Text;
using SafeTuneBed.Data;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Core.Data;

public sealed class ReaderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void JsonLines_WithBlankLinesAndBothLineEnds_GivesRecordsWithLineNumbers()
    {
        List<RawRecord> records = Read(DatasetFormat.JsonLines, "{\"a\":\"1\"}\r\n\n  \n{\"a\":\"x\\r\\ny\",\"b\":true,\"c\":1.50,\"d\":null,\"e\":[1, 2]}");

        Assert.Equal([1, 4], records.Select(r => r.Line));
        Assert.Equal("x\r\ny", records[1]["a"]);
        Assert.Equal("true", records[1]["b"]);
        Assert.Equal("1.50", records[1]["c"]);
        Assert.Equal("", records[1]["d"]);
        Assert.Equal("[1, 2]", records[1]["e"]);
    }

    [Theory]
    [InlineData(DatasetFormat.JsonLines, "{\"a\":\"ä\"}\n")]
    [InlineData(DatasetFormat.Json, "[{\"a\":\"ä\"}]")]
    [InlineData(DatasetFormat.Csv, "a\nä\n")]
    [InlineData(DatasetFormat.Tsv, "a\nä\n")]
    public void AnyFormat_WithByteOrderMarkOrGzip_ReadsTheSame(DatasetFormat format, string text)
    {
        string plain = folder.Write("plain", text);
        string marked = folder.Write("marked", [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(text)]);
        string packed = folder.Write("packed.gz", TemporaryFolder.Gzip(text));

        Assert.All([plain, marked, packed], path => Assert.Equal("ä", Assert.Single(RecordStream.Read(path, format, null, default))["a"]));
    }

    [Theory]
    [InlineData("{\"a\":1}\n{\"a\":", 2)]
    [InlineData("{\"a\":1}\n{\"a\":1} {\"a\":2}\n", 2)]
    [InlineData("[1]\n", 1)]
    [InlineData("{\"a\":1}\n\n7\n", 3)]
    [InlineData("{\"a\":1,\"a\":2}\n", 1)]
    [InlineData("{\"a\":\"\\ud800\"}\n", 1)]
    [InlineData("{'a':1}\n", 1)]
    [InlineData("{\"a\":1,}\n", 1)]
    public void JsonLines_Malformed_NamesFileAndLine(string text, long line)
    {
        DatasetFormatException fault = Assert.Throws<DatasetFormatException>(() => Read(DatasetFormat.JsonLines, text));

        Assert.Equal(line, fault.Line);
        Assert.Contains("data.txt", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void JsonLines_WithInvalidUtf8_IsRefused() =>
        Assert.Equal(1, Assert.Throws<DatasetFormatException>(() => ReadBytes(DatasetFormat.JsonLines, [.. "{\"a\":\""u8, 0xFF, .. "\"}"u8])).Line);

    [Theory]
    [InlineData(DatasetFormat.JsonLines)]
    [InlineData(DatasetFormat.Json)]
    [InlineData(DatasetFormat.JsonConcatenated)]
    public void Json_NestedTooDeep_IsRefused(DatasetFormat format)
    {
        string value = $"{{\"a\":{new string('[', 100_000)}{new string(']', 100_000)}}}";

        Assert.Contains("deep", Assert.Throws<DatasetFormatException>(() => Read(format, format == DatasetFormat.Json ? $"[{value}]" : value)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void JsonArray_AcrossManyBuffers_GivesEveryRecordWithItsLine()
    {
        string text = "[\n" + string.Join(",\n", Enumerable.Range(0, 5_000).Select(i => $"{{\"n\": {i}, \"text\": \"{new string('x', i % 300)}\"}}")) + "\n]\n";

        List<RawRecord> records = Read(DatasetFormat.Json, text);

        Assert.Equal(5_000, records.Count);
        Assert.All(records, (r, i) => Assert.Equal((i.ToString(CultureInfo.InvariantCulture), i + 2L, i % 300), (r["n"], r.Line, r["text"].Length)));
    }

    [Fact]
    public void JsonArray_WithARecordLargerThanTheBuffer_IsRead() =>
        Assert.Equal(1_000_000, Assert.Single(Read(DatasetFormat.Json, $"[{{\"a\":\"{new string('y', 1_000_000)}\"}}]"))["a"].Length);

    [Theory]
    [InlineData("[{\"a\":1}", "cut off")]
    [InlineData("[{\"a\":1},", "cut off")]
    [InlineData("[{\"a\":", "cut off")]
    [InlineData("", "empty")]
    [InlineData("{\"a\":1}", "root is an object")]
    [InlineData("\"a\"", "root must be")]
    [InlineData("[1]", "a number")]
    [InlineData("[{\"a\":1}] [", "second root")]
    [InlineData("[{\"a\":1} {\"a\":2}]", "can't be read")]
    public void JsonArray_Malformed_SaysWhat(string text, string part) =>
        Assert.Contains(part, Assert.Throws<DatasetFormatException>(() => Read(DatasetFormat.Json, text)).Message, StringComparison.Ordinal);

    [Fact]
    public void JsonArray_FollowedByASecondRoot_NamesItsByte()
    {
        DatasetFormatException fault = Assert.Throws<DatasetFormatException>(() => Read(DatasetFormat.Json, "{\"a\":1}\n{\"a\":2}\n"));

        Assert.Contains("byte 8", fault.Message, StringComparison.Ordinal);
        Assert.Equal(2, fault.Line);
    }

    [Fact]
    public void ConcatenatedFile_IsRefusedByTheStrictReaderAndReadOnRequest()
    {
        string path = SharedFolder.Require("data", "advbench", "safetunebed_advbench.json");

        DatasetFormatException fault = Assert.Throws<DatasetFormatException>(() => RecordStream.Read(path, DatasetFormat.Json, null, default).ToList());

        byte[] bytes = File.ReadAllBytes(path);
        int first = bytes.AsSpan().IndexOf("{"u8);
        int second = first + 1 + bytes.AsSpan(first + 1).IndexOf("{"u8);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"byte {second};"), fault.Message, StringComparison.Ordinal);
        Assert.Equal(520, RecordStream.Read(path, DatasetFormat.JsonConcatenated, null, default).Count());
    }

    [Fact]
    public void Csv_Cells_AreStringsFullStop()
    {
        List<RawRecord> records = Read(DatasetFormat.Csv, "a,b,c\r\nNone,NA,null\r\n\"x\ny\",\" q \",\"say \"\"hi\"\"\"\r\n,,nan\r\n");

        Assert.Equal(["None", "NA", "null"], Values(records[0]));
        Assert.Equal(["x\ny", " q ", "say \"hi\""], Values(records[1]));
        Assert.Equal(["", "", "nan"], Values(records[2]));
        Assert.Equal([2, 3, 5], records.Select(r => r.Line));
    }

    [Fact]
    public void Csv_WithDeclaredColumns_ReadsTheFirstRowAsData() =>
        Assert.Equal("1", RecordStream.Read(folder.Write("x.csv", "1,2\n"), DatasetFormat.Csv, ["a", "b"], default).Single()["a"]);

    [Theory]
    [InlineData("a,b\n1\n", 2)]
    [InlineData("a,b\n1,2\n1,2,3\n", 3)]
    [InlineData("a,a\n1,2\n", 1)]
    [InlineData("a,b\n1,\"x\n", 2)]
    [InlineData("a,b\nx\"y,2\n", 2)]
    [InlineData("a,b\n\"x\"y,2\n", 2)]
    public void Csv_Malformed_NamesTheLine(string text, long line) =>
        Assert.Equal(line, Assert.Throws<DatasetFormatException>(() => Read(DatasetFormat.Csv, text)).Line);

    [Fact]
    public void Csv_WithInvalidUtf8_IsRefused() =>
        Assert.Equal(2, Assert.Throws<DatasetFormatException>(() => ReadBytes(DatasetFormat.Csv, [.. "a\n"u8, 0xC3, 0x28])).Line);

    [Fact]
    public void Csv_InUtf16_IsRefused() =>
        Assert.Throws<DatasetFormatException>(() => ReadBytes(DatasetFormat.Csv, [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("a\nb\n")]));

    [Theory]
    [InlineData(1)]
    [InlineData(9)]
    [InlineData(2_000)]
    public void Gzip_CutOff_IsRefused(int missing)
    {
        string text = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{{\"a\":\"{i * 7919L % 104_729}\"}}\n"));
        byte[] packed = TemporaryFolder.Gzip(text);
        string path = folder.Write("cut.jsonl.gz", packed[..^missing]);

        Assert.Throws<DatasetFormatException>(() => RecordStream.Read(path, DatasetFormat.JsonLines, null, default).Count());
    }

    [Fact]
    public void Gzip_OfSeveralMembers_IsReadWhole()
    {
        byte[] first = TemporaryFolder.Gzip("{\"a\":\"1\"}\n{\"a\":\"2\"}\n"), second = TemporaryFolder.Gzip("{\"a\":\"3\"}\n");
        string path = folder.Write("two.jsonl.gz", [.. first, .. second]);

        Assert.Equal(["1", "2", "3"], RecordStream.Read(path, DatasetFormat.JsonLines, null, default).Select(r => r["a"]));
    }

    [Fact]
    public void Gzip_ThatIsNone_IsRefused() =>
        Assert.Throws<DatasetFormatException>(() => RecordStream.Read(folder.Write("no.jsonl.gz", "{\"a\":1}\n"), DatasetFormat.JsonLines, null, default).Count());

    [Theory]
    [InlineData(DatasetFormat.JsonLines, "{\"a\":\"one\",\"b\":[1,{\"c\":null}]}\n{\"a\":\"two\",\"b\":2}\n")]
    [InlineData(DatasetFormat.Json, "[{\"a\":\"one\",\"b\":[1,{\"c\":null}]},\n{\"a\":\"two\",\"b\":2}]\n")]
    [InlineData(DatasetFormat.JsonConcatenated, "{\"a\":\"one\",\"b\":[1]}\n{\"a\":\"two\"}\n")]
    [InlineData(DatasetFormat.Csv, "a,b\n\"o,ne\",1\ntwo,\"2\n\"\n")]
    public void AnyFormat_WithMutatedBytes_GivesRecordsOrATypedError(DatasetFormat format, string text)
    {
        var random = new Random(12345);
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        int refused = 0;
        for (int round = 0; round < 2_000; round++)
        {
            byte[] mutated = [.. bytes];
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                mutated[random.Next(mutated.Length)] = (byte)random.Next(256);
            }

            try
            {
                ReadBytes(format, mutated[..random.Next(1, mutated.Length + 1)]);
            }
            catch (DatasetFormatException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 100, 2_000);
    }

    private static IEnumerable<string> Values(RawRecord record) => record.Fields.Values;

    private List<RawRecord> Read(DatasetFormat format, string text) => ReadBytes(format, Encoding.UTF8.GetBytes(text));

    private List<RawRecord> ReadBytes(DatasetFormat format, byte[] bytes) => [.. RecordStream.Read(folder.Write("data.txt", bytes), format, null, default)];
}
