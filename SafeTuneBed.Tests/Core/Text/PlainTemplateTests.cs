using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.AI;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Text;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary>The templates without control tokens: Alpaca to the letter, and raw.</summary>
public sealed class PlainTemplateTests
{
    private static readonly FinetuneExample Row = new() { Instruction = "Say it.", Input = "It is good.", Output = "positive" };

    private readonly ModelTokenizer pieces = GoldenText.Tokenizer("sentencepiece_small");

    [Fact]
    public void AlpacaTexts_HaveThePublishedLengthsAndHashes()
    {
        Assert.Equal(224, AlpacaPromptTemplate.InputText.Length);
        Assert.Equal("28811e9850d9511bab334d167a03a8a37614535fdb28d645492efac8e9951c0f", Hash(AlpacaPromptTemplate.InputText));
        Assert.Equal(152, AlpacaPromptTemplate.NoInputText.Length);
        Assert.Equal("35101bc36d10997c7d926d8f21f7d173aec6523f3a57d78821b944a89925cdca", Hash(AlpacaPromptTemplate.NoInputText));
    }

    [Theory]
    [InlineData("Say it.", "It is good.")]
    [InlineData("Say it.", "")]
    [InlineData("Say it.", " ")]
    [InlineData("Say {input} and {instruction}.", "{instruction}\n### Response:")]
    public void Alpaca_OfARow_IsThePublishedTextWithBothFieldsInPlace(string instruction, string input)
    {
        var template = new AlpacaPromptTemplate(pieces);
        FinetuneExample row = Row with { Instruction = instruction, Input = input };
        string published = input.Length > 0 ? AlpacaPromptTemplate.InputText : AlpacaPromptTemplate.NoInputText;

        // Both at once, so that a placeholder within a field stays.
        string wanted = string.Join(instruction, published.Split("{instruction}").Select(part => string.Join(input, part.Split("{input}"))));

        foreach (InputPlacement placement in Enum.GetValues<InputPlacement>())
        {
            IReadOnlyList<TextSegment> segments = template.Render(template.ToConversation(row, placement), addGenerationPrompt: true);
            Assert.Equal(wanted, SandboxText.Text(segments));
            Assert.Equal(string.Concat(instruction, input), SandboxText.Text(segments.Where(s => !s.IsTemplate)));
        }
    }

    [Fact]
    public void Alpaca_SystemAndFurtherTurns_AreBlocksOfTheSameForm()
    {
        var template = new AlpacaPromptTemplate(pieces);

        string text = SandboxText.Text(template.Render(
            [new(ChatRole.System, "Be kind."), new(ChatRole.User, "a"), new(ChatRole.Assistant, "b"), new(ChatRole.User, "c")], addGenerationPrompt: true));

        Assert.Equal(
            "Be kind.\n\n" + AlpacaPromptTemplate.NoInputText.Replace("{instruction}", "a", StringComparison.Ordinal) + "b\n\n### Instruction:\nc\n\n### Response:", text);
    }

    [Theory]
    [InlineData("alpaca")]
    [InlineData("raw")]
    public void Render_RoleWithoutAPlace_IsRefusedByName(string id)
    {
        PromptTemplate template = Of(id);

        Assert.Contains("'tool'", Assert.Throws<ConfigurationException>(() => template.Render([new(ChatRole.Tool, "x")], true)).Message);
        Assert.Contains("'system'", Assert.Throws<ConfigurationException>(() => template.Render([new(ChatRole.User, "x"), new(ChatRole.System, "y")], true)).Message);
    }

    [Fact]
    public void Raw_OfARow_IsInstructionNewlineInput()
    {
        var template = new RawPromptTemplate(pieces);

        Assert.Equal("Say it.\nIt is good.", SandboxText.Text(template.Render(template.ToConversation(Row, InputPlacement.AfterInstruction), true)));
        Assert.Equal("It is good. Say it.", SandboxText.Text(template.Render(template.ToConversation(Row, InputPlacement.BeforeInstruction), true)));
        Assert.Equal("Say it.", SandboxText.Text(template.Render(template.ToConversation(Row with { Input = "" }, InputPlacement.AfterInstruction), true)));
        Assert.Equal("s\na\nbc", SandboxText.Text(template.Render([new(ChatRole.System, "s"), new(ChatRole.User, "a"), new(ChatRole.User, "b"), new(ChatRole.Assistant, "c")], false)));
    }

    [Theory]
    [InlineData("alpaca", "sentencepiece_small")]
    [InlineData("raw", "sentencepiece_small")]
    [InlineData("alpaca", "sentencepiece_small_metaspace")]
    [InlineData("raw", "sentencepiece_small_metaspace")]
    [InlineData("alpaca", "bytelevel_llama3_style")]
    [InlineData("raw", "bytelevel_qwen_style")]
    public void Encode_OfARow_IsPromptThenAnswerThenEnd(string id, string name)
    {
        ModelTokenizer tokenizer = GoldenText.Tokenizer(name);
        PromptTemplate template = Of(id, tokenizer);

        PromptAndTarget parts = template.Encode(Row, InputPlacement.AfterInstruction);

        IReadOnlyList<ChatMessage> conversation = template.ToConversation(Row, InputPlacement.AfterInstruction);
        string prompt = SandboxText.Text(template.Render(conversation, addGenerationPrompt: true));
        Assert.Equal(template.EncodePrompt(conversation), parts.Prompt);
        Assert.Equal(tokenizer.AddsBos ? 1 : 0, parts.Prompt.Count(i => i == tokenizer.BosId));
        Assert.Equal(tokenizer.EosId is { } eos ? [eos] : [], template.StopIds);
        int[] answer = parts.Target[..^template.StopIds.Count];
        Assert.Equal(template.StopIds, parts.Target[answer.Length..]);
        Assert.Equal(answer, template.EncodeContinuation(Row.Output));
        Assert.DoesNotContain(answer, tokenizer.IsSpecial);
        Assert.Equal(prompt + Row.Output, tokenizer.Decode([.. parts.Prompt, .. answer]));
    }

    [Theory]
    [InlineData("alpaca", true)]
    [InlineData("raw", true)]
    [InlineData("alpaca", false)]
    public void Encode_BySentencePiece_PutsNoBlankBetweenPromptAndAnswer(string id, bool tokenizerJson)
    {
        ModelTokenizer tokenizer = pieces;
        if (!tokenizerJson)
        {
            string folder = GoldenText.Copy("sentencepiece_small");
            File.Delete(Path.Combine(folder, "tokenizer.json"));
            tokenizer = ModelTokenizer.Load(folder);
            Directory.Delete(folder, recursive: true);
        }

        PromptTemplate template = Of(id, tokenizer);
        foreach (string answer in (string[])["positive", "negative", "a", "the", "I am", " blank first", "\nline"])
        {
            int[] target = template.Encode(Row with { Output = answer }, InputPlacement.AfterInstruction).Target;

            // At the start of a text the same words have a blank in front.
            Assert.NotEqual(tokenizer.Encode(answer), target[..^1]);
            Assert.Equal("x" + answer, tokenizer.Decode([.. tokenizer.Encode("x"), .. target[..^1]]));
            Assert.Equal(tokenizer.Encode("x\u2020" + answer)[tokenizer.Encode("x\u2020").Length..], target[..^1]);
        }
    }

    [Fact]
    public void Alpaca_WithLlama2_KeepsTheLabelsAsTheyStandAfterAColon()
    {
        ModelTokenizer llama = ModelTokenizer.Load(SharedFolder.Require("golden", "tokenizers", "llama2_sentencepiece"));
        var template = new AlpacaPromptTemplate(llama);

        // "negative" is one piece with and without a blank, "positive" only with one.
        Assert.Equal([22198, 2], template.Encode(Row with { Output = "negative" }, InputPlacement.AfterInstruction).Target);
        int[] positive = template.Encode(Row, InputPlacement.AfterInstruction).Target;
        Assert.DoesNotContain(6374, positive);
        Assert.True(positive.Length > 2);
        Assert.Equal(1, template.Encode(Row, InputPlacement.AfterInstruction).Prompt[0]);
        Assert.Equal([6374], llama.Encode("positive"));
    }

    [Fact]
    public void Resolve_UnknownOrMissing_NamesWhatThereIs()
    {
        string folder = GoldenText.Folder("sentencepiece_small");

        Assert.Equal("raw", SandboxText.Template(null, folder, pieces).Id);
        Assert.Contains("chat, alpaca, raw", Assert.Throws<ConfigurationException>(() => SandboxText.Template("chatml", folder, pieces)).Message);
        Assert.Contains("needs a chat template, but '" + folder, Assert.Throws<ConfigurationException>(() => SandboxText.Template("chat", folder, pieces)).Message);
    }

    private PromptTemplate Of(string id, ModelTokenizer? tokenizer = null) => id == "alpaca" ? new AlpacaPromptTemplate(tokenizer ?? pieces) : new RawPromptTemplate(tokenizer ?? pieces);

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
