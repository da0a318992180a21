using SafeTuneBed.Data;

namespace SafeTuneBed.Tests.Core.Data;

public sealed class TokenFileTests : IDisposable
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private readonly TemporaryFolder folder = new();
    private readonly FinetuneExample[] rows = [.. Bed.Rows(5).Select((r, i) => r with { Origin = new ExampleOrigin("task", i) })];

    public void Dispose() => folder.Dispose();

    [Fact]
    public void TokenFile_AllKindsOfRows_ComeBackAsTheyWere()
    {
        string path = Write();

        IReadOnlyDictionary<ExampleOrigin, EncodedExample> read = TokenFile.Read(path, Key, rows)!;

        Assert.Equal(4, read.Count);
        Assert.False(read.ContainsKey(rows[4].Origin));
        Assert.Equal((null, true), (read[rows[1].Origin].Tokens, read[rows[1].Origin].IsOverLength));
        Assert.Equal([0, -1, int.MaxValue, 70_000], read[rows[0].Origin].Tokens!.InputIds);
        Assert.Equal((false, true, true), (read[rows[0].Origin].IsOverLength, read[rows[2].Origin].IsOverLength, read[rows[3].Origin].Tokens!.Truncated));
        Assert.Null(TokenFile.Read(path, [.. Key.Reverse()], rows));
    }

    [Fact]
    public void TokenFile_WithAnyByteChangedOrMissing_CountsForNothing()
    {
        byte[] whole = File.ReadAllBytes(Write());
        for (int i = 0; i < whole.Length; i++)
        {
            byte[] bytes = [.. whole];
            bytes[i] ^= 0x10;

            Assert.Null(TokenFile.Read(folder.Write("changed", bytes), Key, rows));
            Assert.Null(TokenFile.Read(folder.Write("cut", whole[..i]), Key, rows));
        }
    }

    private string Write()
    {
        string path = Path.Combine(folder.Path, $"{Guid.NewGuid():N}.tokens");
        EncodedExample Encode(int row, bool isOver, bool isCut) => new(
            new TokenizedExample { RowId = 0, InputIds = [row, -1, int.MaxValue, 70_000], PromptTokenCount = 2, RecordId = rows[row].RecordId, Truncated = isCut }, isOver);
        TokenFile.Write(path, Key, rows, new Dictionary<ExampleOrigin, EncodedExample>
        {
            [rows[0].Origin] = Encode(0, false, false),
            [rows[1].Origin] = new(null, true),
            [rows[2].Origin] = Encode(2, true, false),
            [rows[3].Origin] = Encode(3, true, true),
        });
        return path;
    }
}
