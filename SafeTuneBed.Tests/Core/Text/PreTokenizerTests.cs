using System.Text.Json;
using SafeTuneBed.Text.Tokenizing;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary>Ways to cut a text that no fixture uses, by the examples in the documentation of Hugging Face's tokenizers.</summary>
public sealed class PreTokenizerTests
{
    [Theory]
    [InlineData("Removed", "the|final|countdown")]
    [InlineData("Isolated", "the|-|final|-|-|countdown")]
    [InlineData("MergedWithPrevious", "the-|final-|-|countdown")]
    [InlineData("MergedWithNext", "the|-final|-|-countdown")]
    [InlineData("Contiguous", "the|-|final|--|countdown")]
    public void Split_EachBehavior_CutsAsDocumented(string behavior, string wanted)
    {
        Assert.Equal(wanted, Cut($$"""{"type":"Split","pattern":{"String":"-"},"behavior":"{{behavior}}","invert":false}""", "the-final--countdown"));
        Assert.Equal(wanted, Cut($$"""{"type":"Split","pattern":{"Regex":"-"},"behavior":"{{behavior}}","invert":false}""", "the-final--countdown"));
        Assert.Equal(wanted, Cut($$"""{"type":"Punctuation","behavior":"{{behavior}}"}""", "the-final--countdown"));
    }

    [Theory]
    [InlineData("""{"type":"Whitespace"}""", "Hello there!", "Hello|there|!")]
    [InlineData("""{"type":"WhitespaceSplit"}""", "Hello there!", "Hello|there!")]
    [InlineData("""{"type":"Punctuation"}""", "Hello?", "Hello|?")]
    [InlineData("""{"type":"Digits","individual_digits":true}""", "Call 911!", "Call |9|1|1|!")]
    [InlineData("""{"type":"Digits","individual_digits":false}""", "Call 911!", "Call |911|!")]
    [InlineData("""{"type":"Metaspace","replacement":"\u2581","prepend_scheme":"always","split":true}""", "Hello there", "\u2581Hello|\u2581there")]
    [InlineData("""{"type":"Metaspace","replacement":"\u2581","add_prefix_space":true}""", "Hello there", "\u2581Hello|\u2581there")]
    [InlineData("""{"type":"Metaspace","replacement":"\u2581","prepend_scheme":"never"}""", "Hello there", "Hello|\u2581there")]
    [InlineData("""{"type":"ByteLevel"}""", "Hello there", "\u0120Hello|\u0120there")]
    [InlineData("""{"type":"ByteLevel","add_prefix_space":false}""", "Hello there", "Hello|\u0120there")]
    [InlineData("""{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Digits","individual_digits":true}]}""", "Call 911!", "Call|9|1|1|!")]
    public void PreTokenizer_OfAnyType_CutsAsDocumented(string json, string text, string wanted) => Assert.Equal(wanted, Cut(json, text));

    private static string Cut(string json, string text)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        var pieces = new Pieces(text, TextStart.Beginning);
        PreTokenizer.Read(JsonComponent.Root("test", document.RootElement)).Apply(pieces);
        return string.Join('|', pieces.Ranges.Select(r => pieces.Text[r.Start..r.End]));
    }
}
