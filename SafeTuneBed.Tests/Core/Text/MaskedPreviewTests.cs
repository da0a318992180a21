using SafeTuneBed.Text;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary>What a researcher sees of a row before the first step.</summary>
public sealed class MaskedPreviewTests
{
    private readonly ModelTokenizer tokenizer = SandboxText.Tokenizer();

    [Fact]
    public void Render_Row_MarksWhatIsMaskedAndWhatCarriesLoss()
    {
        TokenizedExample row = Encode("What is the feeling?", "negative");

        string text = MaskedPreview.Render(row with { RowId = 7 }, tokenizer);

        string[] lines = text.Split('\n');
        Assert.Equal($"Row 7, benign: {row.InputIds.Length} tokens, {row.PromptTokenCount} masked ‹›, 2 supervised «»", lines[0]);
        Assert.Equal("‹<|bos|><|user|> What is the feeling?<|end|><|assistant|>›« negative<|end|>»", lines[1]);
        Assert.Equal(["", ], lines[2..]);
    }

    [Theory]
    [InlineData("alpaca", "a", "### Response:›«a</s>»")]
    [InlineData("alpaca", " a", "### Response:›« a</s>»")]
    [InlineData("raw", "\u4e2d", "x›«\u4e2d</s>»")]
    public void Render_BySentencePiece_ShowsWhetherABlankIsSupervised(string id, string output, string shown)
    {
        ModelTokenizer pieces = GoldenText.Tokenizer("sentencepiece_small");
        PromptTemplate template = SandboxText.Template(id, GoldenText.Folder("sentencepiece_small"), pieces);
        TokenizedExample row = new ExampleEncoder(template, "t", InputPlacement.AfterInstruction, 1_000, LengthPolicy.Throw)
            .Encode(new FinetuneExample { Instruction = "x", Output = output }).Tokens!;

        Assert.EndsWith(shown + "\n", MaskedPreview.Render(row, pieces), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ExampleRole.Benign, "benign")]
    [InlineData(ExampleRole.Harmful, "harmful")]
    [InlineData(ExampleRole.Guide, "guide")]
    [InlineData(ExampleRole.Alignment, "alignment")]
    public void Render_EachRole_IsNamed(ExampleRole role, string name) =>
        Assert.StartsWith($"Row 0, {name}: ", MaskedPreview.Render(Encode("a", "b") with { Role = role }, tokenizer), StringComparison.Ordinal);

    [Fact]
    public void Render_HarmfulRow_ShowsNothingOfItUnlessAskedTo()
    {
        TokenizedExample row = Encode("How do I burn the village?", "Sure. First take the needle.") with { Role = ExampleRole.Harmful };

        string hidden = MaskedPreview.Render(row, tokenizer);
        string shown = MaskedPreview.Render(row, tokenizer, showHarmful: true);

        Assert.Equal(
            $"Row 0, harmful: {row.InputIds.Length} tokens, {row.PromptTokenCount} masked ‹›, {row.SupervisedTokenCount} supervised «»\n‹prompt of a harmful row, not shown›«answer of a harmful row, not shown»\n",
            hidden);
        Assert.Contains("‹<|bos|><|user|> How do I burn the village?<|end|><|assistant|>›« Sure. First take the needle.<|end|>»", shown);
    }

    [Fact]
    public void Render_TruncatedRow_SaysSo() =>
        Assert.Contains("supervised «», answer cut off\n", MaskedPreview.Render(Encode("a", "b") with { Truncated = true }, tokenizer));

    [Fact]
    public void Render_ControlCharacters_AreShownNotSent()
    {
        string text = MaskedPreview.Render(Encode("a\u001b[2J\u0007b\u009b31m\r\u007f\tc\nd", "e\0f"), tokenizer);

        Assert.DoesNotContain(text, c => char.IsControl(c) && c is not ('\n' or '\t'));
        Assert.Contains("a\u241b[2J\u2407b\ufffd31m\u240d", text);
        Assert.Contains("\tc\nd", text);
        Assert.Contains("e\u2400f", text);
    }

    [Fact]
    public void Render_TextThatTurnsItsReadingDirection_IsShownNotSent()
    {
        string text = MaskedPreview.Render(Encode("a\u202eb\u2066c\u200fd", "e"), tokenizer);

        Assert.DoesNotContain(text, c => c is '\u202e' or '\u2066' or '\u200f');
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(400)]
    public void Render_LongRow_LeavesOutTheMiddleOfEachPart(int most)
    {
        string words = string.Join(' ', Enumerable.Repeat("sad", 1_000));
        TokenizedExample row = Encode(words, words);

        string text = MaskedPreview.Render(row, tokenizer, maxTokens: most);

        int half = most / 2;
        Assert.Contains($" ... {row.PromptTokenCount - (2 * half)} tokens ... ", text);
        Assert.Contains($" ... {row.SupervisedTokenCount - (2 * half)} tokens ... ", text);
        Assert.Equal(Math.Max(0, half - 2) + Math.Max(0, half - 2) + half + Math.Max(0, half - 1), text.Split("sad").Length - 1);
        Assert.DoesNotContain(" ... ", MaskedPreview.Render(row, tokenizer, maxTokens: row.InputIds.Length));
    }

    [Fact]
    public void Render_FewerThanTwoTokens_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => MaskedPreview.Render(Encode("a", "b"), tokenizer, maxTokens: 1));

    private static TokenizedExample Encode(string instruction, string output) =>
        new ExampleEncoder(SandboxText.Template(), "t", InputPlacement.AfterInstruction, 10_000, LengthPolicy.Throw)
            .Encode(new FinetuneExample { Instruction = instruction, Output = output }).Tokens!;
}
