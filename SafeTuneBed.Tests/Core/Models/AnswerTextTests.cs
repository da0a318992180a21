using System.Text;
using SafeTuneBed.Models;
using SafeTuneBed.Text;

namespace SafeTuneBed.Tests.Core.Models;

/// <summary>Stop strings and streaming against a plain search over the whole decoded text, for random tokens of two kinds of vocabulary.</summary>
public sealed class AnswerTextTests
{
    private static readonly string[] Pieces = ["a", "b", "ab", "ba", " ", "\n", "é", "😀", "STOP", "ST", "OP", "aSTO", "P b", "<|x|>"];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Ends_AfterEachToken_IsAPlainSearchOverTheWholeText(bool fallback)
    {
        var tokenizer = new ByteTokenizer(fallback);
        string[] stops = ["STOP", "b a", "\n\n", "é😀", "aa"];
        var random = new Random(3);
        int found = 0;
        for (int round = 0; round < 400; round++)
        {
            var text = new AnswerText(tokenizer, [], stops);
            List<int> ids = [];
            while (ids.Count < 120)
            {
                ids.Add(tokenizer.Random(random));
                string whole = tokenizer.Decode(ids);
                bool expected = stops.Any(s => whole.Contains(s, StringComparison.Ordinal));
                Assert.Equal(expected, text.Ends!(ids));
                if (expected)
                {
                    found++;
                    (string answer, string? stop) = text.Of(new GeneratedIds(ids, FinishReason.Stop));
                    int at = stops.Select(s => whole.IndexOf(s, StringComparison.Ordinal)).Where(i => i >= 0).Min();
                    Assert.Equal(whole[..at], answer);
                    Assert.StartsWith(stop!, whole[at..], StringComparison.Ordinal);
                    break;
                }
            }
        }

        Assert.True(found > 200);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Stream_OfRandomTokens_PutTogetherIsTheWholeText(bool fallback)
    {
        var tokenizer = new ByteTokenizer(fallback);
        string[] stops = ["STOP", "b a\n"];
        var random = new Random(4);
        int early = 0;
        for (int round = 0; round < 300; round++)
        {
            var text = new AnswerText(tokenizer, [7_000], stops);
            var stream = new AnswerStream(text);
            var shown = new StringBuilder();
            List<int> ids = [];
            bool isOver = false;
            while (!isOver)
            {
                ids.Add(ids.Count > 40 ? 7_000 : tokenizer.Random(random));
                isOver = ids[^1] == 7_000 || text.Ends!(ids) || (ids.Count == 30 && round % 3 == 0);   // by id, by text, or in the midst of anything
                if (!isOver)
                {
                    shown.Append(stream.Advance(ids));
                }
            }

            early += shown.Length;
            string whole = text.Of(new GeneratedIds(ids, FinishReason.Stop)).Text;
            shown.Append(stream.Finish(whole));
            Assert.Equal(whole, shown.ToString());   // what is shown can't be taken back: neither half a character nor the beginning of a stop string was
        }

        Assert.True(early > 3000);   // it does not wait for the end
    }

    [Fact]
    public void Of_AnAnswerThatAStopIdEnded_NamesNoStopString()
    {
        var tokenizer = new ByteTokenizer(false);
        var text = new AnswerText(tokenizer, [5], ["zz"]);

        Assert.Equal(("ab", null), text.Of(new GeneratedIds([256, 257, 5], FinishReason.Stop)));
    }

    /// <summary>256 single bytes, then the pieces, the last of which is special. With fallback a run of bytes that is broken anywhere is unreadable as a whole.</summary>
    private sealed class ByteTokenizer(bool fallback) : ModelTokenizer
    {
        private static readonly UTF8Encoding Strict = new(false, true);

        public override int VocabularySize => 256 + Pieces.Length;

        public override int? BosId => null;

        public override int? EosId => null;

        public override int? PadId => null;

        public override bool AddsBos => false;

        public override string Fingerprint => "bytes";

        // Characters of several bytes come in order often enough to be whole.
        public int Random(Random random) => random.Next(6) switch
        {
            0 => "\n é😀"u8[random.Next("\n é😀"u8.Length)],
            1 => "😀"u8[random.Next(4)],
            2 => "aS"u8[random.Next(2)],
            _ => 256 + random.Next(Pieces.Length),
        };

        public override string? SpecialTokenText(string role) => null;

        public override bool IsSpecial(int id) => id == VocabularySize - 1;

        public override int? TokenToId(string token) => fallback && token.StartsWith("<0x", StringComparison.Ordinal) ? Convert.ToInt32(token[3..5], 16) : null;

        public override int[] Encode(IReadOnlyList<TextSegment> segments, bool continues = false) => throw new NotSupportedException();

        public override string Decode(IReadOnlyList<int> ids, bool skipSpecialTokens = true)
        {
            var text = new StringBuilder();
            var run = new List<byte>();
            foreach (int id in ids.Where(i => !IsSpecial(i)))
            {
                if (id < 256)
                {
                    run.Add((byte)id);
                }
                else if (fallback)
                {
                    Flush(text, run);
                    text.Append(Pieces[id - 256]);
                }
                else
                {
                    run.AddRange(Encoding.UTF8.GetBytes(Pieces[id - 256]));
                }
            }

            Flush(text, run);
            return text.ToString();
        }

        private void Flush(StringBuilder text, List<byte> run)
        {
            byte[] bytes = [.. run];
            run.Clear();
            text.Append(!fallback ? Encoding.UTF8.GetString(bytes) : System.Text.Unicode.Utf8.IsValid(bytes) ? Strict.GetString(bytes) : new string('\uFFFD', bytes.Length));
        }
    }
}
