using System.Globalization;
using System.Text;
using Parquet;
using Parquet.Serialization;
using SafeTuneBed.Data;

namespace SafeTuneBed.Tests.Core.Data;

/// <summary>
/// Damaged and hostile files of every format: records or a typed error, never anything else, never without end, never with memory out of proportion.
/// <c>SAFETUNEBED_HOSTILE=20000</c> sets the number of files of each format.
/// </summary>
public sealed class HostileFileTests : IDisposable
{
    private const string Variable = "SAFETUNEBED_HOSTILE";

    private static readonly byte[][] Splices =
    [
        [0], [0xFF], [0xEF, 0xBB, 0xBF], [0xFF, 0xFE], [0xC3, 0x28], "\r\n"u8.ToArray(), "\""u8.ToArray(), "\"\""u8.ToArray(), "\\"u8.ToArray(), "\\ud800"u8.ToArray(), "{"u8.ToArray(),
        "}"u8.ToArray(), "[[[[[[[["u8.ToArray(), "]"u8.ToArray(), ","u8.ToArray(), "\t"u8.ToArray(), "null"u8.ToArray(), "1e999999"u8.ToArray(), "-"u8.ToArray(),
        Encoding.UTF8.GetBytes(new string('[', 3_000)), Encoding.UTF8.GetBytes(new string('"', 501)), [0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
    ];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("a.jsonl", DatasetFormat.JsonLines)]
    [InlineData("a.json", DatasetFormat.Json)]
    [InlineData("a.concatenated", DatasetFormat.JsonConcatenated)]
    [InlineData("a.csv", DatasetFormat.Csv)]
    [InlineData("a.tsv", DatasetFormat.Tsv)]
    [InlineData("a.jsonl.gz", DatasetFormat.JsonLines)]
    public Task Text_Mutated_GivesRecordsOrATypedError(string name, DatasetFormat format) => MutateAndReadAsync(name, format, 500);

    // decoding Parquet is the dearest by far, so it gets fewer unless told otherwise
    [Fact]
    public Task Parquet_Mutated_GivesRecordsOrATypedError() => MutateAndReadAsync("a.parquet", DatasetFormat.Parquet, 150);

    [Fact]
    public async Task Parquet_FooterThatClaimsMoreThanThereIs_GivesRecordsOrATypedError()
    {
        // bytes of the footer become the largest there is: lengths and counts among them
        byte[] whole = (await SoundAsync("a.parquet"))[0];
        int footer = BitConverter.ToInt32(whole, whole.Length - 8), refused = 0;
        for (int i = whole.Length - 8 - footer; i < whole.Length; i += 11)
        {
            byte[] bytes = [.. whole];
            bytes[i] = 0xFF;
            if (Record.Exception(() => Read("a.parquet", bytes, DatasetFormat.Parquet)) is { } fault)
            {
                Assert.IsType<DatasetFormatException>(fault);
                refused++;
            }
        }

        Assert.True(refused > 0);
    }

    private async Task MutateAndReadAsync(string name, DatasetFormat format, int fewest)
    {
        int rounds = int.TryParse(Environment.GetEnvironmentVariable(Variable), NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? given : fewest;
        byte[][] sound = await SoundAsync(name);
        Assert.All(sound, bytes => Assert.Equal(20, Read(name, bytes, format)));
        int refused = 0;
        long most = 0;
        for (int round = 0; round < rounds; round++)
        {
            byte[] bytes = Mutate(sound[round % sound.Length], new Random(round));
            long before = GC.GetTotalAllocatedBytes();
            try
            {
                Read(name, bytes, format);
            }
            catch (DatasetFormatException)
            {
                refused++;
            }
            catch (Exception other)
            {
                Assert.Fail($"Round {round} of {name} gave {other.GetType().Name}: {other}");
            }

            most = Math.Max(most, GC.GetTotalAllocatedBytes() - before);
        }

        TestContext.Current.SendDiagnosticMessage($"{name}: {rounds} files, {refused} refused, at most {most >> 20} MiB allocated for one");
        Assert.InRange(refused, rounds / 10, rounds);
        Assert.InRange(most, 0, 1L << 30); // other tests allocate meanwhile: far below what a believed length would take
    }

    private static byte[] Mutate(byte[] sound, Random random)
    {
        List<byte> bytes = [.. sound];
        for (int i = random.Next(1, 4); i > 0 && bytes.Count > 0; i--)
        {
            int at = random.Next(bytes.Count), length = Math.Min(random.Next(1, 40), bytes.Count - at);
            switch (random.Next(6))
            {
                case 0 or 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, length);
                    break;
                case 3:
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length));
                    break;
                case 4:
                    bytes.InsertRange(at, Splices[random.Next(Splices.Length)]);
                    break;
                default:
                    byte[] splice = Splices[random.Next(Splices.Length)];
                    for (int k = 0; k < splice.Length && at + k < bytes.Count; k++)
                    {
                        bytes[at + k] = splice[k];
                    }

                    break;
            }
        }

        return [.. random.Next(8) == 0 ? bytes.Take(random.Next(bytes.Count + 1)) : bytes];
    }

    private int Read(string name, byte[] bytes, DatasetFormat format)
    {
        int records = 0;
        foreach (RawRecord record in RecordStream.Read(folder.Write(name, bytes), format, null, CancellationToken.None))
        {
            Assert.True(++records <= 2_000_000, "a small file has millions of records");
        }

        return records;
    }

    private static async Task<byte[][]> SoundAsync(string name)
    {
        string[] objects = [.. Enumerable.Range(0, 20).Select(i => $"{{\"a\":\"täxt {i}, \\n\\\"said\\\"\",\"b\":[{i},{{\"c\":null}}],\"d\":{(i % 2 == 0 ? "true" : "false")},\"e\":{i}.5}}")];
        char separator = name.EndsWith(".tsv", StringComparison.Ordinal) ? '\t' : ',';
        return name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..] switch
        {
            "json" => [Utf8($"[{string.Join(",\n", objects)}]\n")],
            "csv" or "tsv" => [Utf8($"a{separator}b\r\n{string.Concat(Enumerable.Range(0, 20).Select(i => $"\"te\"\"xt\n{i}\"{separator}{i}\r\n"))}")],
            "jsonl.gz" => [TemporaryFolder.Gzip(string.Join('\n', objects))],
            "parquet" => [await ParquetAsync(CompressionMethod.None), await ParquetAsync(CompressionMethod.Snappy), await ParquetAsync(CompressionMethod.Gzip), await ParquetAsync(CompressionMethod.Zstd)],
            _ => [Utf8(string.Join('\n', objects))],
        };
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static async Task<byte[]> ParquetAsync(CompressionMethod method)
    {
        using var buffer = new MemoryStream();
        await ParquetSerializer.SerializeAsync(
            Enumerable.Range(0, 20).Select(i => new Row { Text = i % 7 == 0 ? null : $"täxt {i % 3}", Number = i, Flag = i % 2 == 0, Score = 0.5, Choices = ["a", $"é{i}"] }),
            buffer,
            new ParquetOptions { RowGroupSize = 10, CompressionMethod = method });
        return buffer.ToArray();
    }

    private sealed class Row
    {
        public string? Text { get; set; }

        public long Number { get; set; }

        public bool Flag { get; set; }

        public double Score { get; set; }

        public List<string>? Choices { get; set; }
    }
}
