using Microsoft.Extensions.AI;
using SafeTuneBed.Data;
using SafeTuneBed.Text;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary>Rows to tokens: what is masked is counted, never searched for, and what is too long meets its policy.</summary>
public sealed class ExampleEncoderTests
{
    private static readonly FinetuneExample Row = new()
    {
        Instruction = "What is the feeling?",
        Input = "Review: The song was sad and the service was bitter.",
        Output = "The feeling is negative.",
        Role = ExampleRole.Guide,
        Origin = new ExampleOrigin("reviews", 41),
    };

    [Theory]
    [InlineData("chat")]
    [InlineData("alpaca")]
    [InlineData("raw")]
    public void Encode_RowThatFits_MasksThePromptAndNothingElse(string id)
    {
        PromptTemplate template = SandboxText.Template(id);
        PromptAndTarget parts = template.Encode(Row, InputPlacement.BeforeInstruction);

        EncodedExample encoded = Of(template, 1_000, LengthPolicy.Throw).Encode(Row);

        Assert.False(encoded.IsOverLength);
        TokenizedExample tokens = encoded.Tokens!;
        Assert.Equal(parts.Prompt, tokens.InputIds[..tokens.PromptTokenCount]);
        Assert.Equal(parts.Target, tokens.InputIds[tokens.PromptTokenCount..]);
        Assert.Equal(parts.Target.Length, tokens.SupervisedTokenCount);
        Assert.Equal((ExampleRole.Guide, Row.RecordId, false), (tokens.Role, tokens.RecordId, tokens.Truncated));
    }

    [Fact]
    public void Encode_AnswerThatRepeatsThePrompt_IsMaskedByCountAlone()
    {
        // Each word with its blank is one token, and so is the end.
        FinetuneExample echo = new() { Instruction = "sad sad sad", Output = " sad sad sad" };

        TokenizedExample tokens = Of(SandboxText.Template("raw"), 1_000, LengthPolicy.Throw).Encode(echo).Tokens!;

        Assert.Equal((3, 4), (tokens.PromptTokenCount, tokens.SupervisedTokenCount));
    }

    [Theory]
    [InlineData(LengthPolicy.ExcludeBeforeSelection)]
    [InlineData(LengthPolicy.TruncateInput)]
    [InlineData(LengthPolicy.TruncateTarget)]
    [InlineData(LengthPolicy.Throw)]
    public void Encode_RowOfExactlyTheLength_IsWholeUnderEveryPolicy(LengthPolicy policy)
    {
        PromptTemplate template = SandboxText.Template();
        PromptAndTarget parts = template.Encode(Row, InputPlacement.BeforeInstruction);

        EncodedExample encoded = Of(template, parts.Prompt.Length + parts.Target.Length, policy).Encode(Row);

        Assert.False(encoded.IsOverLength);
        Assert.Equal(parts.Prompt.Length + parts.Target.Length, encoded.Tokens!.InputIds.Length);
    }

    [Fact]
    public void Encode_Excluding_GivesNoTokensAndSaysWhy() =>
        Assert.Equal(new EncodedExample(null, true), Of(SandboxText.Template(), 10, LengthPolicy.ExcludeBeforeSelection).Encode(Row));

    [Fact]
    public void Encode_Throwing_NamesRowLengthsAndLimit()
    {
        PromptTemplate template = SandboxText.Template();
        PromptAndTarget parts = template.Encode(Row, InputPlacement.BeforeInstruction);

        string message = Assert.Throws<ConfigurationException>(() => Of(template, 10, LengthPolicy.Throw).Encode(Row)).Message;

        Assert.Contains("Row 41 of corpus 'reviews'", message);
        Assert.Contains($"{parts.Prompt.Length} prompt and {parts.Target.Length} answer tokens", message);
        Assert.Contains("the 10 allowed", message);
        Assert.DoesNotContain("sad", message);
    }

    [Fact]
    public void Encode_TruncatingTarget_CutsTheAnswerAtEveryLength()
    {
        PromptTemplate template = SandboxText.Template();
        PromptAndTarget parts = template.Encode(Row, InputPlacement.BeforeInstruction);

        for (int length = parts.Prompt.Length + 1; length < parts.Prompt.Length + parts.Target.Length; length++)
        {
            EncodedExample encoded = Of(template, length, LengthPolicy.TruncateTarget).Encode(Row);
            Assert.Equal([.. parts.Prompt, .. parts.Target[..(length - parts.Prompt.Length)]], encoded.Tokens!.InputIds);
            Assert.Equal(parts.Prompt.Length, encoded.Tokens.PromptTokenCount);
            Assert.True(encoded.IsOverLength && encoded.Tokens.Truncated);
            Assert.DoesNotContain(template.StopIds[0], encoded.Tokens.InputIds[parts.Prompt.Length..]);
        }

        Assert.Throws<ConfigurationException>(() => Of(template, parts.Prompt.Length, LengthPolicy.TruncateTarget).Encode(Row));
    }

    [Fact]
    public void Encode_TruncatingInput_KeepsAsMuchOfItAsFits()
    {
        PromptTemplate template = SandboxText.Template();
        FinetuneExample row = Row with { Input = Row.Input + " \ud83d\ude00\ud83d\ude00 zebra" };
        PromptAndTarget whole = template.Encode(row, InputPlacement.BeforeInstruction);
        int Length(int cut) => template.Encode(row with { Input = row.Input[..cut] }, InputPlacement.BeforeInstruction) is var p ? p.Prompt.Length + p.Target.Length : 0;
        int[] cuts = [.. Enumerable.Range(0, row.Input.Length + 1).Where(c => c == 0 || !char.IsHighSurrogate(row.Input[c - 1]))];

        for (int length = Length(0); length < whole.Prompt.Length + whole.Target.Length; length++)
        {
            EncodedExample encoded = Of(template, length, LengthPolicy.TruncateInput).Encode(row);

            int longest = cuts.Where(c => Length(c) <= length).Max();
            PromptAndTarget wanted = template.Encode(row with { Input = row.Input[..longest] }, InputPlacement.BeforeInstruction);
            Assert.Equal([.. wanted.Prompt, .. whole.Target], encoded.Tokens!.InputIds);
            Assert.Equal(wanted.Prompt.Length, encoded.Tokens.PromptTokenCount);
            Assert.True(encoded.IsOverLength);
            Assert.False(encoded.Tokens.Truncated);
        }

        Assert.Throws<ConfigurationException>(() => Of(template, Length(0) - 1, LengthPolicy.TruncateInput).Encode(row));
        Assert.Throws<ConfigurationException>(() => Of(template, 10, LengthPolicy.TruncateInput).Encode(row with { Input = "" }));
    }

    [Theory]
    [InlineData(5, 0, "supervised")]
    [InlineData(0, 5, "prompt")]
    [InlineData(0, 0, "supervised")]
    public void Encode_PartWithoutTokens_IsRefused(int prompt, int target, string missing)
    {
        string message = Assert.Throws<ConfigurationException>(() => Of(new CountTemplate(prompt, target), 100, LengthPolicy.ExcludeBeforeSelection).Encode(Row)).Message;

        Assert.Contains($"Row 41 of corpus 'reviews' has no {missing} token under the template 'count'", message);
    }

    [Fact]
    public void Fingerprint_DependsOnEverySetting()
    {
        PromptTemplate template = SandboxText.Template();
        string[] prints =
        [
            new ExampleEncoder(template, "t", InputPlacement.AfterInstruction, 100, LengthPolicy.Throw).Fingerprint,
            new ExampleEncoder(template, "u", InputPlacement.AfterInstruction, 100, LengthPolicy.Throw).Fingerprint,
            new ExampleEncoder(template, "t", InputPlacement.BeforeInstruction, 100, LengthPolicy.Throw).Fingerprint,
            new ExampleEncoder(template, "t", InputPlacement.AfterInstruction, 101, LengthPolicy.Throw).Fingerprint,
            new ExampleEncoder(template, "t", InputPlacement.AfterInstruction, 100, LengthPolicy.TruncateInput).Fingerprint,
            new ExampleEncoder(SandboxText.Template("raw"), "t", InputPlacement.AfterInstruction, 100, LengthPolicy.Throw).Fingerprint,
        ];

        Assert.Equal(prints.Length, prints.Distinct().Count());
        Assert.Equal(prints[0], new ExampleEncoder(SandboxText.Template(), "t", InputPlacement.AfterInstruction, 100, LengthPolicy.Throw).Fingerprint);
    }

    private static ExampleEncoder Of(PromptTemplate template, int maxLength, LengthPolicy policy) => new(template, "tokenizer", InputPlacement.BeforeInstruction, maxLength, policy);

    /// <summary>Gives rows of the wanted lengths.</summary>
    private sealed class CountTemplate(int prompt, int target) : PromptTemplate
    {
        public override string Id => "count";

        public override string Fingerprint => "count";

        public override IReadOnlyList<int> StopIds => [];

        public override PromptAndTarget Encode(FinetuneExample example, InputPlacement placement) => new(new int[prompt], new int[target]);

        public override IReadOnlyList<TextSegment> Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt) => throw new NotSupportedException();

        public override int[] EncodePrompt(IReadOnlyList<ChatMessage> messages) => throw new NotSupportedException();

        public override int[] EncodeContinuation(string text) => throw new NotSupportedException();

        public override IReadOnlyList<ChatMessage> ToConversation(FinetuneExample example, InputPlacement placement) => throw new NotSupportedException();
    }
}
