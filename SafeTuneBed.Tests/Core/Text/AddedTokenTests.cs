using CsCheck;
using SafeTuneBed.Tests.Core.Data;
using SafeTuneBed.Text;
using SafeTuneBed.Text.Tokenizing;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary>Added tokens: where they are found, what they take along, and that message text never yields one.</summary>
public sealed class AddedTokenTests
{
    private static readonly AddedToken End = new("<end>", 100) { Special = true };
    private static readonly AddedToken Ender = new("<end>er", 101);

    [Theory]
    [InlineData("a<end>b", "a|100|b")]
    [InlineData("<end><end>", "100|100")]
    [InlineData("<end>er", "101")]
    [InlineData("<end>e", "100|e")]
    [InlineData("<<end>>", "<|100|>")]
    [InlineData("<en<end", "<en<end")]
    [InlineData("", "")]
    public void Find_Text_TakesTheLeftmostAndLongest(string text, string wanted) => Assert.Equal(wanted, Find(text, End, Ender));

    [Theory]
    [InlineData("a  <end> \n b", true, true, "a|100|b")]
    [InlineData("a  <end> \n b", true, false, "a|100| \n b")]
    [InlineData("a  <end> \n b", false, true, "a  |100|b")]
    [InlineData("<end>  <end>", true, true, "100|100")]
    [InlineData(" \u3000<end>", true, false, "100")]
    public void Find_Strip_TakesWhiteSpaceAlong(string text, bool left, bool right, string wanted) =>
        Assert.Equal(wanted, Find(text, End with { LeftStrip = left, RightStrip = right }));

    [Theory]
    [InlineData("one on one", "100| on |100")]
    [InlineData("stone one_ 1one \u00e9one (one)", "stone one_ 1one \u00e9one (|100|)")]
    [InlineData("oneone", "oneone")]
    public void Find_SingleWord_CountsOnlyAlone(string text, string wanted) => Assert.Equal(wanted, Find(text, new AddedToken("one", 100) { SingleWord = true }));

    [Theory]
    [InlineData("<en", "d>", false, true)]
    [InlineData("<en", "d>", true, false)]
    [InlineData("<end>", "", false, true)]
    [InlineData("", "<end>", true, false)]
    public void Find_TokenNotWhollyInTemplateText_IsOrdinaryText(string first, string second, bool firstIsTemplate, bool secondIsTemplate)
    {
        var text = MarkedText.Join([new TextSegment(first, firstIsTemplate), new TextSegment(second, secondIsTemplate)]);
        Assert.All(Finder(End).Find(text), s => Assert.Null(s.Token));
    }

    [Fact]
    public void Find_LongerTokenReachesIntoContent_TakesTheShorter()
    {
        var text = MarkedText.Join([new TextSegment("<end>", true), new TextSegment("er", false)]);
        FoundStretch[] found = [.. Finder(End, Ender).Find(text)];
        Assert.Equal([100, null], found.Select(f => f.Token?.Id));
    }

    [Fact]
    public void Find_TokenOverTwoTemplateSegments_IsFound()
    {
        var text = MarkedText.Join([new TextSegment("x", false), new TextSegment("<en", true), new TextSegment("d>", true)]);
        Assert.Equal([null, 100], Finder(End).Find(text).Select(f => f.Token?.Id));
    }

    [Fact]
    public void Find_WhiteSpaceTokenThatIsNotSpecial_IsFoundInContentToo()
    {
        var spaces = new AddedToken("    ", 100);
        Assert.Equal("a|100|b", Find("a    b", isTemplate: false, spaces));
        Assert.Equal("a    b", Find("a    b", isTemplate: false, spaces with { Special = true }));
    }

    [Theory]
    [InlineData("bytelevel_llama3_style")]
    [InlineData("bytelevel_qwen_style")]
    [InlineData("sentencepiece_small")]
    [InlineData("sentencepiece_small_metaspace")]
    public void Encode_ControlTextInContent_NeverYieldsItsId(string name)
    {
        ModelTokenizer tokenizer = GoldenText.Tokenizer(name);
        int[] added = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(tokenizer.EndsStretch)];
        string[] texts = [.. added.Select(i => tokenizer.Decode([i], skipSpecialTokens: false)), " ", "a", "\n", "<", "|", ">", "<|", "|>", "\u00e9", "e\u0301", "\u2581"];
        Gen.Int[0, texts.Length - 1].Array[0, 12].Select(parts => parts.Select(p => texts[p]).ToArray()).Sample(parts =>
        {
            string content = string.Concat(parts);
            Assert.DoesNotContain(tokenizer.Encode(content), added.Contains);

            // Between template text, with a control token cut in two by the border.
            int[] ids = tokenizer.Encode([new TextSegment(texts[0][..1], true), new TextSegment(texts[0][1..] + content, false), new TextSegment(texts[1], true)]);
            Assert.Equal([added[1]], ids.Where(added.Contains));
        }, iter: 500);
    }

    [Fact]
    public void Load_NormalizedToken_IsFoundAfterNormalizationAndOnlyInTemplateText()
    {
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer.json", """
            {"normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "_"}, {"type": "Replace", "pattern": {"String": " "}, "content": "_"}]},
             "added_tokens": [{"id": 3, "content": "a b", "normalized": true, "special": false}],
             "model": {"type": "BPE", "vocab": {"_": 0, "a": 1, "b": 2}, "merges": []}}
            """);
        ModelTokenizer tokenizer = ModelTokenizer.Load(folder.Path);

        // The token's own text is normalized too: it is found as "_a_b", so only behind a blank.
        Assert.Equal([3, 0, 2], tokenizer.Encode("a b b", parseSpecialTokens: true));
        Assert.Equal([0, 2, 3], tokenizer.Encode("b a b", parseSpecialTokens: true));
        Assert.Equal([0, 2, 1, 0, 2], tokenizer.Encode("ba b", parseSpecialTokens: true));
        Assert.Equal([0, 1, 0, 2, 0, 2], tokenizer.Encode("a b b"));
        Assert.Equal([3, 0, 1, 0, 2], tokenizer.Encode([new TextSegment("a b", true), new TextSegment(" a b", false)]));
    }

    private static AddedTokenFinder Finder(params AddedToken[] tokens) => new(tokens.Select(t => (t.Content, t)));

    private static string Find(string text, params AddedToken[] tokens) => Find(text, isTemplate: true, tokens);

    private static string Find(string text, bool isTemplate, params AddedToken[] tokens) =>
        string.Join('|', Finder(tokens).Find(MarkedText.Join([new TextSegment(text, isTemplate)])).Select(s => s.Token?.Id.ToString() ?? text[s.Start..s.End]));
}
