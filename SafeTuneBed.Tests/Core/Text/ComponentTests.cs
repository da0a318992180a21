using System.Text.Json;
using SafeTuneBed.Tests.Core.Data;
using SafeTuneBed.Text;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary>Single components, by what their definitions say.</summary>
public sealed class ComponentTests
{
    [Theory]
    [InlineData("""{"type": "Split", "pattern": {"Regex": "[ab]+"}, "behavior": "Removed", "invert": true}""", "a-b--cab", "a|b|ab")]
    [InlineData("""{"type": "Split", "pattern": {"Regex": "c$"}, "behavior": "Isolated"}""", "c\nbc", "c|\nb|c")]
    [InlineData("""{"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious"}""", "ab c  a", "ab |c | |a")]
    [InlineData("""{"type": "Metaspace", "replacement": "_", "prepend_scheme": "never", "split": false}""", "a b", "a_b")]
    [InlineData("""{"type": "Metaspace", "replacement": "_", "prepend_scheme": "first", "split": false}""", "_a b", "_a_b")]
    [InlineData("""{"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}""", "a b", "a\u0120b")]
    [InlineData("""{"type": "Sequence", "pretokenizers": [{"type": "ByteLevel", "add_prefix_space": false}, {"type": "Digits", "individual_digits": true}]}""", "a 12", "a|\u0120|1|2")]
    public void PreTokenizer_Text_IsCutAsDefined(string json, string text, string wanted) => Assert.Equal(wanted, Pieces($"\"pre_tokenizer\": {json}", text, wanted));

    [Theory]
    [InlineData("""{"type": "Prepend", "prepend": "_"}""", "a b", "_a b")]
    [InlineData("""{"type": "Prepend", "prepend": "_"}""", "", "")]
    [InlineData("""{"type": "Replace", "pattern": {"Regex": "-+"}, "content": " "}""", "a--b-c", "a b c")]
    [InlineData("""{"type": "Replace", "pattern": {"String": "--"}, "content": ""}""", "a---b", "a-b")]
    [InlineData("""{"type": "Lowercase"}""", "ABC", "abc")]
    [InlineData("""{"type": "Strip", "strip_left": true, "strip_right": false}""", " a ", "a ")]
    [InlineData("""{"type": "Strip"}""", "   ", "")]
    [InlineData("""{"type": "Sequence", "normalizers": [{"type": "Strip"}, {"type": "Prepend", "prepend": "_"}]}""", " a ", "_a")]
    public void Normalizer_Text_IsChangedAsDefined(string json, string text, string wanted) => Assert.Equal(wanted, Pieces($"\"normalizer\": {json}", text, wanted));

    [Theory]
    [InlineData("null", "a b c")]
    [InlineData("""{"type": "Fuse"}""", "abc")]
    [InlineData("""{"type": "Replace", "pattern": {"String": "b"}, "content": "--"}""", "a--c")]
    [InlineData("""{"type": "Strip", "content": "a", "start": 1, "stop": 0}""", "bc")]
    [InlineData("""{"type": "Strip", "content": "c", "start": 0, "stop": 2}""", "ab")]
    [InlineData("""{"type": "Metaspace", "replacement": "a", "prepend_scheme": "first"}""", "bc")]
    [InlineData("""{"type": "Metaspace", "replacement": "b", "prepend_scheme": "first"}""", "a c")]
    [InlineData("""{"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "c"}, "content": "<0x41>"}, {"type": "ByteFallback"}]}""", "abA")]
    public void Decoder_Tokens_AreJoinedAsDefined(string json, string wanted)
    {
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer.json", "{\"decoder\": " + json + """, "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2}, "merges": []}}""");
        Assert.Equal(wanted, ModelTokenizer.Load(folder.Path).Decode([0, 1, 2, 77]));
    }

    [Fact]
    public void SplitExpression_CodePointsAboveTheFirstPlane_CountAsTheirCategory()
    {
        const string Json = "\"pre_tokenizer\": {\"type\": \"Split\", \"pattern\": {\"Regex\": \"\\\\p{L}+|\\\\p{N}\"}, \"behavior\": \"Isolated\"}";
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer.json", "{" + Json + """, "model": {"type": "BPE", "unk_token": "?", "fuse_unk": true, "vocab": {"?": 0}, "merges": []}}""");

        // One unknown token a piece: letters, digit, digit, symbol.
        Assert.Equal([0, 0, 0, 0], ModelTokenizer.Load(folder.Path).Encode("\U0001D4D7a\U00020000\U0001D7D8\U0001D7D9\U0001F600"));
    }

    [Fact]
    public void SplitExpression_ThatRunsAway_EndsWithAFormatError()
    {
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer.json", """{"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(a|aa)+$x"}, "behavior": "Isolated"}, "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}""");
        ModelTokenizer tokenizer = ModelTokenizer.Load(folder.Path);
        Assert.Throws<ModelFormatException>(() => tokenizer.Encode(new string('a', 200)));
    }

    /// <summary>
    /// The pieces of a text, with bars between them: each stretch of the text, and of what should come out, is a token, and the model takes a piece that
    /// is a token whole.
    /// </summary>
    private static string Pieces(string component, string text, string wanted)
    {
        using var folder = new TemporaryFolder();
        string[] tokens = [.. Stretches(text).Concat(Stretches(wanted.Replace("|", "", StringComparison.Ordinal))).Distinct()];
        string vocabulary = JsonSerializer.Serialize(tokens.Select((t, i) => (t, i)).ToDictionary(t => t.t, t => t.i));
        folder.Write("tokenizer.json", "{" + component + ", \"model\": {\"type\": \"BPE\", \"vocab\": " + vocabulary + ", \"merges\": [], \"ignore_merges\": true}}");
        return string.Join('|', ModelTokenizer.Load(folder.Path).Encode(text).Select(i => tokens[i]));
    }

    private static IEnumerable<string> Stretches(string text) =>
        Enumerable.Range(0, text.Length).SelectMany(from => Enumerable.Range(1, text.Length - from).Select(length => text.Substring(from, length))).Append("?");
}
