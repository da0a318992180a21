using System.Text.RegularExpressions;
using CsCheck;
using SafeTuneBed.Text.Tokenizing;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary>The hand-written scanners against .NET's regular expressions, on texts where those see what the originals see: no surrogates.</summary>
public sealed class WordScannerTests
{
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    private const string Llama3 = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Qwen2 = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static readonly Gen<string> Texts = Gen.OneOf(
        Gen.Char["aZ'sTreLvMd19 \n\r\t.!\u00e9\u4f60\u00a0\u2003\u00b2\u2167_-"].Array[0, 40].Select(c => new string(c)),
        Gen.Char['\u0001', '\ud7ff'].Array[0, 40].Select(c => new string(c)),
        Gen.Char["' \n"].Array[0, 15].Select(c => new string(c)));

    [Theory]
    [InlineData(Gpt2)]
    [InlineData(Llama3)]
    [InlineData(Qwen2)]
    public void Cut_AnyText_EqualsTheExpression(string expression)
    {
        WordScanner scanner = WordScanner.ForExpression(expression)!;
        var regex = new Regex(expression, RegexOptions.CultureInvariant);
        Texts.Sample(text =>
        {
            var ranges = new List<(int, int)>();
            scanner.Cut(text, 0, text.Length, ranges);
            Assert.Equal(regex.Matches(text).Select(m => (m.Index, m.Index + m.Length)), ranges);
        }, iter: 20_000);
    }

    [Theory]
    [InlineData(Gpt2, "a\U0001D4D7b \U0001D7D812 \U00020000\U0001F600x", "a\U0001D4D7b| \U0001D7D812| \U00020000|\U0001F600|x")]
    [InlineData(Llama3, "\U0001F600abc \U0001D7D8123", "\U0001F600abc| |\U0001D7D812|3")]
    [InlineData(Llama3, "it\u2019s IT'\u017F x", "it|\u2019s| IT|'\u017F| x")]
    [InlineData(Gpt2, "it'S", "it|'|S")]
    public void Cut_CodePointsAndFolding_AsTheOriginalExpressionsSeeThem(string expression, string text, string wanted)
    {
        var ranges = new List<(int Start, int End)>();
        WordScanner.ForExpression(expression)!.Cut(text, 0, text.Length, ranges);
        Assert.Equal(wanted, string.Join('|', ranges.Select(r => text[r.Start..r.End])));
    }

    [Fact]
    public void ForExpression_OtherExpression_IsLeftToRegularExpressions() => Assert.Null(WordScanner.ForExpression(Gpt2 + "|x"));
}
