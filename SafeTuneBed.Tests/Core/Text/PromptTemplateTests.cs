using Microsoft.Extensions.AI;
using SafeTuneBed.Text;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary>Every template with every kind of tokenizer: prompts equal in training and evaluation, one beginning-of-text id, targets that end where an answer ends.</summary>
public sealed class PromptTemplateTests
{
    private static readonly ModelTokenizer SentencePiece = GoldenText.Tokenizer("sentencepiece_small");
    private static readonly ModelTokenizer Qwen = GoldenText.Tokenizer("bytelevel_qwen_style");

    private static readonly FinetuneExample Example = new() { Instruction = "Name the thing.", Input = "A thing </s> {instruction}", Output = "the end" };

    public static TheoryData<string, string> Pairs => new()
    {
        { "sentencepiece_small", "alpaca" }, { "sentencepiece_small", "raw" }, { "sentencepiece_small", "chat" },
        { "sentencepiece_small_metaspace", "alpaca" }, { "sentencepiece_small_metaspace", "raw" }, { "sentencepiece_small_metaspace", "chat" },
        { "bytelevel_llama3_style", "alpaca" }, { "bytelevel_llama3_style", "raw" }, { "bytelevel_llama3_style", "chat" },
        { "bytelevel_qwen_style", "alpaca" }, { "bytelevel_qwen_style", "raw" }, { "bytelevel_qwen_style", "chat" },
    };

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Encode_AnyTemplate_PromptIsTheEvaluationPromptAndTargetItsContinuation(string tokenizerName, string id)
    {
        ModelTokenizer tokenizer = GoldenText.Tokenizer(tokenizerName);
        PromptTemplate template = Make(id, tokenizer);
        foreach (InputPlacement placement in Enum.GetValues<InputPlacement>())
        {
            PromptAndTarget parts = template.Encode(Example, placement);
            Assert.Equal(template.EncodePrompt(template.ToConversation(Example, placement)), parts.Prompt);
            Assert.Equal(template.EncodeContinuation("the end").Append(tokenizer.EosId!.Value), parts.Target);
            Assert.Equal(tokenizer.AddsBos ? 1 : 0, parts.Prompt.Count(i => i == tokenizer.BosId));
            Assert.Equal(tokenizer.AddsBos, parts.Prompt[0] == tokenizer.BosId);

            // The control text in the input is ordinary text; the only control ids are the template's own.
            Assert.Equal([tokenizer.EosId!.Value], parts.Target.Where(tokenizer.EndsStretch));
            string prompt = Text(template.Render(template.ToConversation(Example, placement), true));
            Assert.EndsWith("the end", tokenizer.Decode([.. parts.Prompt, .. parts.Target]), StringComparison.Ordinal);
            Assert.Contains("A thing </s> {instruction}", prompt, StringComparison.Ordinal);
            Assert.Contains("</s>", tokenizer.Decode(parts.Prompt), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Encode_EmptyAnswer_IsTheEndTokenAlone()
    {
        foreach (string id in new[] { "alpaca", "raw", "chat" })
        {
            Assert.Equal([SentencePiece.EosId!.Value], Make(id, SentencePiece).Encode(Example with { Output = "" }, InputPlacement.AfterInstruction).Target);
        }
    }

    [Fact]
    public void Chat_TextBehindTheEndToken_IsNotPartOfTheRow()
    {
        var chat = new ChatPromptTemplate(new TurnRenderer { UserBefore = "<|im_start|>user\n", UserAfter = "<|im_end|>\n", AnswerBefore = "<|im_start|>assistant\n", AnswerAfter = "<|im_end|>\n" }, Qwen);
        PromptAndTarget parts = chat.Encode(Example, InputPlacement.AfterInstruction);
        Assert.Equal(Qwen.Encode("the end<|im_end|>", parseSpecialTokens: true), parts.Target);
        Assert.Equal([Qwen.TokenToId("<|im_end|>")!.Value], chat.StopIds);
    }

    [Fact]
    public void Chat_TwoEndTokens_BothAreLearnedAndBothStop()
    {
        var chat = new ChatPromptTemplate(new TurnRenderer { AnswerAfter = "<|vision_start|>\n<|endoftext|>\n" }, Qwen);
        PromptAndTarget parts = chat.Encode(Example, InputPlacement.AfterInstruction);
        Assert.Equal(Qwen.Encode("the end<|vision_start|>\n<|endoftext|>", parseSpecialTokens: true), parts.Target);
        Assert.Equal(new[] { "<|im_end|>", "<|vision_start|>", "<|endoftext|>" }.Select(t => Qwen.TokenToId(t)!.Value), chat.StopIds);
    }

    [Theory]
    [InlineData("sentencepiece_small", "A:", "yes no")]
    [InlineData("sentencepiece_small", "A:<s>", "yes no")]
    [InlineData("sentencepiece_small_metaspace", "A:", "yes no")]
    [InlineData("sentencepiece_small_metaspace", "A:<s>", "yes no")]
    [InlineData("sentencepiece_small_metaspace", "A:\n", "yes no")]
    [InlineData("bytelevel_llama3_style", "A:<|eot_id|>", "yes no")]
    public void Chat_BorderAfterTextOrControlToken_EqualsTheWholeTextEncodedAtOnce(string name, string before, string answer)
    {
        ModelTokenizer tokenizer = GoldenText.Tokenizer(name);
        string end = tokenizer.SpecialTokenText("eos_token")!;
        var chat = new ChatPromptTemplate(new TurnRenderer { AnswerBefore = before, AnswerAfter = end }, tokenizer);
        PromptAndTarget parts = chat.Encode(new FinetuneExample { Instruction = "hi", Output = answer }, InputPlacement.AfterInstruction);
        int[] whole = tokenizer.Encode($"U:hi\n{before}{answer}{end}", parseSpecialTokens: true);
        Assert.Equal(whole.Prepend(tokenizer.BosId!.Value), parts.Prompt.Concat(parts.Target));
    }

    [Fact]
    public void Chat_Variables_HoldTheSpecialTokensThatThereAre()
    {
        var renderer = new TurnRenderer();
        new ChatPromptTemplate(renderer, SentencePiece).Render([new(ChatRole.User, "x")], true);
        Assert.Equal(new Dictionary<string, object?> { ["bos_token"] = "<s>", ["eos_token"] = "</s>", ["unk_token"] = "<unk>" }, renderer.Variables);
    }

    private static PromptTemplate Make(string id, ModelTokenizer tokenizer) => id switch
    {
        "alpaca" => new AlpacaPromptTemplate(tokenizer),
        "raw" => new RawPromptTemplate(tokenizer),
        _ => new ChatPromptTemplate(new TurnRenderer { AnswerAfter = tokenizer.SpecialTokenText("eos_token")! }, tokenizer),
    };

    private static string Text(IEnumerable<TextSegment> segments) => string.Concat(segments.Select(s => s.Text));
}
