using CsCheck;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Text;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary>What holds for any text: decoding gives it back, and where segments are cut doesn't matter.</summary>
public sealed class TokenizerPropertyTests
{
    private static readonly string[] Fragments =
    [
        "a", "b", "the", " ", "  ", "\n", "\r\n", "\t", "'s", "'RE", "1", "23", "4567", "word", "WORD", ".", "...", "!?", "_", "-", "\u00a0", "\u2003", "\u3000", "\u200b",
        "\u00e9", "e\u0301", "\u0130", "\u00df", "\u4e2d\u6587", "\u0e01\u0e33", "\ud55c", "\u1112\u1161\u11ab", "\u0663", "\u00bd", "\ud83d\ude00", "\ud83d\udc69\u200d\ud83d\udc67", "\ud835\udc00", "\ufffd",
        "\0", "\u001b", "\u007f", "\u0085", "\u2028", "\uffff", "\u212b", "\u0344", "\ud834\udd5e",
    ];

    /// <summary>Pieces of text, and any UTF-16 units at all, halves of surrogate pairs among them.</summary>
    private static readonly Gen<string> Texts = Gen.OneOf(
        Gen.Int[0, Fragments.Length - 1].Array[0, 20].Select(parts => string.Concat(parts.Select(p => Fragments[p]))),
        Gen.String,
        Gen.Int[0, 0xFFFF].Array[0, 12].Select(units => string.Concat(units.Select(u => (char)u))));

    private static readonly Gen<string> Fragment = Gen.Int[0, Fragments.Length - 1].Select(i => Fragments[i]);

    [Theory]
    [InlineData("bytelevel_llama3_style")]
    [InlineData("gpt2")]
    public void ByteLevel_AnyText_ComesBack(string name) => ComesBack(Load(name), text => text);

    [Fact]
    public void ByteLevel_WithABlankInFront_GivesAnyTextBackBehindOne() =>
        ComesBack(SandboxText.Tokenizer(), text => text.Length == 0 || text[0] == ' ' ? text : " " + text);

    [Fact]
    public void ByteLevel_WithComposition_GivesComposedTextBack()
    {
        ModelTokenizer tokenizer = Load("bytelevel_qwen_style");

        // None of these code points changes or joins another.
        Check.Sample(Texts, text => ComesBack(tokenizer, string.Concat(text.EnumerateRunes().Where(r => r.Value is < 0x300 or (>= 0x4E00 and < 0xA000) or >= 0x1F300)), t => t), iter: 2_000);

        // Facts of UAX 15: singletons, order of marks, exclusions, Hangul.
        Assert.Equal("\u00e9", RoundTrip("e\u0301"));
        Assert.Equal("\u00c5", RoundTrip("\u212b"));
        Assert.Equal("\u1e9b\u0323", RoundTrip("\u1e9b\u0323"));
        Assert.Equal("q\u0323\u0307", RoundTrip("q\u0307\u0323"));
        Assert.Equal("\u0915\u093c", RoundTrip("\u0958"));
        Assert.Equal("\u0308\u0301", RoundTrip("\u0344"));
        Assert.Equal("\ud834\udd57\ud834\udd65", RoundTrip("\ud834\udd5e"));
        Assert.Equal("\ud55c", RoundTrip("\u1112\u1161\u11ab"));
        Assert.Equal("\uac00\u11a7", RoundTrip("\uac00\u11a7"));

        string RoundTrip(string text) => tokenizer.Decode(tokenizer.Encode(text));
    }

    [Theory]
    [InlineData("sentencepiece_small")]
    [InlineData("llama2_sentencepiece")]
    public void SentencePiece_AnyText_ComesBackWithWordMarksAsBlanks(string name) => ComesBack(Load(name), text => text.Replace('\u2581', ' '));

    [Fact]
    public void SentencePiece_BlankOnlyAtTheFirst_TakesOneOfThoseInFront() =>
        ComesBack(Load("sentencepiece_small_metaspace"), text => text.Replace('\u2581', ' ') is [' ', .. var rest] ? rest : text.Replace('\u2581', ' '));

    [Theory]
    [InlineData("bytelevel_llama3_style")]
    [InlineData("bytelevel_qwen_style")]
    [InlineData("sentencepiece_small")]
    [InlineData("sentencepiece_small_metaspace")]
    [InlineData("sandbox")]
    [InlineData("gpt2")]
    [InlineData("llama2_sentencepiece")]
    public void Segments_WhereverTheyAreCut_EncodeAsOneText(string name)
    {
        ModelTokenizer tokenizer = Load(name);
        string[] special = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(tokenizer.IsSpecial).Select(i => tokenizer.Decode([i], skipSpecialTokens: false))];
        Gen<string> control = Gen.Int[0, special.Length - 1].Select(i => special[i]);
        Gen<TextSegment> segment = Gen.OneOf(
            Fragment.Array[0, 4].Select(parts => new TextSegment(string.Concat(parts), false)),
            Gen.OneOf(Fragment, Fragment, control).Array[0, 4].Select(parts => new TextSegment(string.Concat(parts), true)));

        Check.Sample(segment.Array[0, 6], segments =>
        {
            string whole = string.Concat(segments.Select(s => s.Text));
            Assert.Equal(tokenizer.Encode(whole, parseSpecialTokens: true), tokenizer.Encode(segments));
            Assert.Equal(tokenizer.Encode(whole), tokenizer.Encode([.. segments.Select(s => s with { IsTemplate = false })]));
            Assert.DoesNotContain(tokenizer.Encode(whole), tokenizer.IsSpecial);
        }, iter: 1_000);
    }

    [Theory]
    [InlineData("bytelevel_llama3_style")]
    [InlineData("bytelevel_qwen_style")]
    [InlineData("sentencepiece_small")]
    [InlineData("sandbox")]
    public void Segments_ControlTokenSpelledAcrossTheirBoundary_IsText(string name)
    {
        ModelTokenizer tokenizer = Load(name);
        foreach (int id in Enumerable.Range(0, tokenizer.VocabularySize).Where(tokenizer.IsSpecial))
        {
            string text = tokenizer.Decode([id], skipSpecialTokens: false);
            Assert.Equal([id], tokenizer.Encode(text, parseSpecialTokens: true));
            for (int cut = 1; cut < text.Length; cut++)
            {
                foreach (bool first in (bool[])[true, false])
                {
                    int[] ids = tokenizer.Encode([new TextSegment(text[..cut], first), new TextSegment(text[cut..], !first)]);
                    Assert.DoesNotContain(ids, tokenizer.IsSpecial);
                    Assert.Equal(tokenizer.Encode(text), ids);
                }
            }
        }
    }

    [Theory]
    [InlineData("bytelevel_llama3_style")]
    [InlineData("sentencepiece_small")]
    [InlineData("sandbox")]
    public void Encode_FromManyThreads_EqualsOneThread(string name)
    {
        ModelTokenizer tokenizer = Load(name), alone = Load(name);
        string[] texts = [.. Enumerable.Range(0, 300).Select(i => string.Concat(Enumerable.Range(0, 30).Select(j => Fragments[((i * 7) + (j * j)) % Fragments.Length])))];
        int[][] wanted = [.. texts.Select(t => alone.Encode(t))];
        int[][] got = new int[texts.Length][];

        Parallel.For(0, texts.Length, i => got[i] = tokenizer.Encode(texts[i]));

        Assert.Equal(wanted, got);
    }

    private static void ComesBack(ModelTokenizer tokenizer, Func<string, string> rule) => Check.Sample(Texts, text => ComesBack(tokenizer, text, rule), iter: 2_000);

    private static void ComesBack(ModelTokenizer tokenizer, string text, Func<string, string> rule)
    {
        int[] ids = tokenizer.Encode(text);
        Assert.All(ids, id => Assert.InRange(id, 0, tokenizer.VocabularySize - 1));
        Assert.Equal(rule(WithoutLoneHalves(text)), tokenizer.Decode(ids));
    }

    // A half of a surrogate pair that stands alone has no UTF-8; U+FFFD stands for it.
    private static string WithoutLoneHalves(string text) => string.Concat(text.EnumerateRunes());

    private static ModelTokenizer Load(string name) => name switch
    {
        "sandbox" => SandboxText.Tokenizer(),
        "gpt2" or "llama2_sentencepiece" => ModelTokenizer.Load(SharedFolder.Require("golden", "tokenizers", name)),
        _ => GoldenText.Tokenizer(name),
    };
}
