using CsCheck;
using SafeTuneBed.Text.Tokenizing;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary>Merging against a twin that looks for the best pair anew each time.</summary>
public sealed class BpeTests
{
    // Random vocabularies over four letters: unlike trained ones they have many ways to one token and ties everywhere.
    private static readonly Gen<(List<(string Left, string Right)> Merges, string Text)> Models =
        from seed in Gen.ULong
        from count in Gen.Int[1, 30]
        from text in Gen.Char["abc_"].Array[0, 60]
        select (MakeMerges(seed, count), new string(text));

    [Fact]
    public void Encode_RandomModels_EqualsTheSlowTwin() => Models.Sample(m =>
    {
        var model = Make(m.Merges);
        var ids = new List<int>();
        model.Encode(m.Text, ids);
        Assert.Equal(Slow(m.Merges, m.Text), ids.Select(i => model.Vocabulary.TextOf(i)!));
    }, iter: 3_000);

    [Fact]
    public void Encode_SameModelTwice_GivesTheSame() => Models.Sample(m =>
    {
        var model = Make(m.Merges);
        var first = new List<int>();
        var second = new List<int>();
        model.Encode(m.Text, first);
        model.Encode(m.Text, second);
        Assert.Equal(first, second);
    }, iter: 300);

    [Fact]
    public void Encode_WordMarks_CutIntoWordsWithoutChangingIds()
    {
        List<(string, string)> inFront = [("\u2581", "a"), ("\u2581", "\u2581"), ("\u2581\u2581", "a"), ("a", "b")];
        List<(string, string)> within = [.. inFront, ("b", "\u2581")];
        Gen.Char["ab\u2581"].Array[0, 80].Select(c => new string(c)).Sample(text =>
        {
            foreach (var merges in new[] { inFront, within })
            {
                var model = Make(merges, "ab\u2581");
                var ids = new List<int>();
                model.Encode(text, ids);
                Assert.Equal(Slow(merges, text), ids.Select(i => model.Vocabulary.TextOf(i)!));
            }
        }, iter: 2_000);
    }

    [Theory]
    [InlineData(true, true, "a b c", "a|<unk>|b|<unk>|c")]
    [InlineData(false, true, "a\u00e9 b", "a|<0xC3>|<0xA9>|<unk>|b")]
    [InlineData(true, true, "a!?b", "a|<unk>|b")]
    [InlineData(true, false, "a!?b", "a|<unk>|<unk>|b")]
    public void Encode_UnknownCharacters_ByTheRules(bool noBytes, bool fuse, string text, string wanted)
    {
        var ids = new Dictionary<string, int> { ["a"] = 0, ["b"] = 1, ["c"] = 2, ["<unk>"] = 3, ["<0xC3>"] = 4, ["<0xA9>"] = 5 };
        var model = new BpeModel(new VocabularyTable(ids), [], new BpeRules { ByteFallback = !noBytes, FuseUnknown = fuse, UnknownId = 3 });
        var got = new List<int>();
        model.Encode(text, got);
        Assert.Equal(wanted, string.Join('|', got.Select(i => model.Vocabulary.TextOf(i))));
    }

    [Fact]
    public void Encode_PrefixAndSuffix_MarkContinuingAndLastSymbols()
    {
        var ids = new Dictionary<string, int> { ["a"] = 0, ["##b"] = 1, ["##c</w>"] = 2, ["a</w>"] = 3, ["ab"] = 4 };
        var model = new BpeModel(new VocabularyTable(ids), new() { [BpeMerger.Key(0, 1)] = (0, 4) }, new BpeRules { ContinuingPrefix = "##", EndSuffix = "</w>" });
        var got = new List<int>();
        model.Encode("abc", got);
        model.Encode("a", got);
        Assert.Equal([4, 2, 3], got);
    }

    private static List<(string Left, string Right)> MakeMerges(ulong seed, int count)
    {
        var tokens = new List<string> { "a", "b", "c", "_" };
        var merges = new List<(string, string)>();
        for (int i = 0; i < count; i++)
        {
            seed = (seed * 6364136223846793005) + 1442695040888963407;
            var pair = (tokens[(int)(seed >> 33) % tokens.Count], tokens[(int)(seed >> 48) % tokens.Count]);
            if (!merges.Contains(pair))
            {
                merges.Add(pair);
                if (!tokens.Contains(pair.Item1 + pair.Item2))
                {
                    tokens.Add(pair.Item1 + pair.Item2);
                }
            }
        }

        return merges;
    }

    private static BpeModel Make(List<(string Left, string Right)> merges, string alphabet = "abc_")
    {
        var ids = new Dictionary<string, int>();
        foreach (string token in alphabet.Select(c => c.ToString()).Concat(merges.Select(m => m.Left + m.Right)))
        {
            ids.TryAdd(token, ids.Count);
        }

        var table = merges.Select((m, rank) => (m, rank)).ToDictionary(x => BpeMerger.Key(ids[x.m.Left], ids[x.m.Right]), x => (x.rank, ids[x.m.Left + x.m.Right]));
        return new BpeModel(new VocabularyTable(ids), table, new BpeRules());
    }

    /// <summary>
    /// The twin: the lowest rank, leftmost, among what was ever seen at a place and still joins to the same token there, as the reference's queue has it.
    /// </summary>
    private static IEnumerable<string> Slow(List<(string Left, string Right)> merges, string text)
    {
        var symbols = text.Select((c, place) => (Text: c.ToString(), Place: place)).ToList();
        var offers = new List<(int Rank, int Place, string Token)>();
        for (int i = 0; i + 1 < symbols.Count; i++)
        {
            Offer(i);
        }

        while (offers.Count > 0)
        {
            var best = offers.Min();
            offers.Remove(best);
            int at = symbols.FindIndex(s => s.Place == best.Place);
            if (at < 0 || at + 1 == symbols.Count || !merges.Contains((symbols[at].Text, symbols[at + 1].Text)) || symbols[at].Text + symbols[at + 1].Text != best.Token)
            {
                continue;
            }

            symbols[at] = (best.Token, best.Place);
            symbols.RemoveAt(at + 1);
            Offer(at - 1);
            Offer(at);
        }

        return symbols.Select(s => s.Text);

        void Offer(int left)
        {
            if (left >= 0 && left + 1 < symbols.Count && merges.IndexOf((symbols[left].Text, symbols[left + 1].Text)) is >= 0 and var rank)
            {
                offers.Add((rank, symbols[left].Place, symbols[left].Text + symbols[left + 1].Text));
            }
        }
    }
}
