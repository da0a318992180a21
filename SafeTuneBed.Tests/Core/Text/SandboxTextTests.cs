using System.Text.Json;
using Microsoft.Extensions.AI;
using SafeTuneBed.Tests.Parity;
using SafeTuneBed.Text;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary>The sandbox's tokenizer and chat template against what Hugging Face's own libraries gave, embedded and beside the checkout.</summary>
public sealed class SandboxTextTests
{
    private static readonly FinetuneExample Row = new() { Instruction = "What is the feeling?", Input = "Review: The song was sad.", Output = "negative" };

    [Theory]
    [InlineData("shared", "aligned")]
    [InlineData("shared", "base")]
    [InlineData("embedded", "aligned")]
    [InlineData("embedded", "base")]
    public void Tokenizer_OddTexts_EqualReference(string where, string model)
    {
        JsonElement expected = SandboxText.Expected();
        ModelTokenizer tokenizer = ModelTokenizer.Load(SandboxText.Folder(where, model));

        Assert.Equal(28, expected.GetProperty("tokenizer").GetArrayLength());
        foreach (JsonElement item in expected.GetProperty("tokenizer").EnumerateArray())
        {
            int[] ids = item.GetProperty("ids").Ints();
            Assert.Equal(ids, tokenizer.Encode(item.GetProperty("text").GetString()!, parseSpecialTokens: true));
            Assert.Equal(item.GetProperty("decoded").GetString(), tokenizer.Decode(ids));
            Assert.Equal(item.GetProperty("decoded_with_special").GetString(), tokenizer.Decode(ids, skipSpecialTokens: false));
        }
    }

    [Theory]
    [InlineData("shared", "aligned")]
    [InlineData("embedded", "aligned")]
    [InlineData("embedded", "base")]
    public void ChatTemplate_Conversations_EqualReference(string where, string model)
    {
        JsonElement expected = SandboxText.Expected();
        string folder = SandboxText.Folder(where, model);
        ModelTokenizer tokenizer = ModelTokenizer.Load(folder);
        PromptTemplate template = SandboxText.Template(null, folder, tokenizer);

        Assert.Equal("chat", template.Id);
        Assert.Equal(5, expected.GetProperty("chat_template").GetArrayLength());
        foreach (JsonElement item in expected.GetProperty("chat_template").EnumerateArray())
        {
            IReadOnlyList<ChatMessage> messages = SandboxText.Messages(item.GetProperty("messages"));
            bool prompt = item.GetProperty("add_generation_prompt").GetBoolean();
            IReadOnlyList<TextSegment> segments = template.Render(messages, prompt);
            Assert.Equal(item.GetProperty("text").GetString(), SandboxText.Text(segments));
            Assert.Equal(item.GetProperty("ids").Ints(), tokenizer.Encode(segments));
            if (prompt)
            {
                Assert.Equal(item.GetProperty("ids").Ints(), template.EncodePrompt(messages));
            }
        }
    }

    [Theory]
    [InlineData("base")]
    [InlineData("aligned")]
    public void EncodePrompt_OfEveryGreedyItem_EqualsReference(string model)
    {
        JsonElement sets = SandboxText.Expected().At("models", model, "greedy", "sets");
        string folder = SandboxText.Folder("embedded", model);
        ModelTokenizer tokenizer = ModelTokenizer.Load(folder);
        PromptTemplate template = SandboxText.Template("chat", folder, tokenizer);
        JsonElement[] items = [.. sets.EnumerateObject().SelectMany(s => s.Value.GetProperty("items").EnumerateArray())];

        Assert.Equal(160, items.Length);
        foreach (JsonElement item in items)
        {
            Assert.Equal(item.GetProperty("prompt_ids").Ints(), template.EncodePrompt([new ChatMessage(ChatRole.User, item.GetProperty("prompt").GetString())]));

            // The model answers with a blank in front of each word; trimmed, it is the recorded text.
            Assert.Equal(item.GetProperty("text").GetString(), tokenizer.Decode(item.GetProperty("ids").Ints()).Trim());
        }
    }

    [Fact]
    public void ChatTemplate_RolesThatDoNotFit_AreRefusedInItsAuthorsWords()
    {
        PromptTemplate template = SandboxText.Template();

        var twice = Assert.Throws<ChatTemplateException>(() => template.EncodePrompt([new ChatMessage(ChatRole.User, "a"), new ChatMessage(ChatRole.User, "b")]));
        var tool = Assert.Throws<ChatTemplateException>(() => template.EncodePrompt([new ChatMessage(ChatRole.User, "a"), new ChatMessage(ChatRole.Tool, "b")]));
        var answerFirst = Assert.Throws<ChatTemplateException>(() => template.EncodePrompt([new ChatMessage(ChatRole.Assistant, "a")]));

        Assert.Contains("Roles must alternate: user, assistant, user, ...", twice.Message);
        Assert.Contains("Only system, user and assistant messages are known.", tool.Message);
        Assert.Contains("Roles must alternate", answerFirst.Message);
    }

    public static TheoryData<string> Files => [.. SandboxText.Tasks.SelectMany(t => new[] { $"{t}/eval.jsonl", $"{t}/train.jsonl" }), "harmful.jsonl", "alignment.jsonl", "guide.jsonl"];

    [Theory]
    [MemberData(nameof(Files))]
    public void Encode_Rows_AreThePromptAndTheRestOfTheWholeConversation(string file)
    {
        ModelTokenizer tokenizer = SandboxText.Tokenizer();
        PromptTemplate template = SandboxText.Template("chat", SandboxText.Folder("embedded"), tokenizer);

        foreach (FinetuneExample row in SandboxText.Rows(file).Take(400))
        {
            PromptAndTarget parts = template.Encode(row, InputPlacement.BeforeInstruction);
            IReadOnlyList<ChatMessage> conversation = template.ToConversation(row, InputPlacement.BeforeInstruction);
            int[] whole = tokenizer.Encode(template.Render([.. conversation, new ChatMessage(ChatRole.Assistant, row.Output)], addGenerationPrompt: false));

            Assert.Equal(template.EncodePrompt(conversation), parts.Prompt);
            Assert.Equal<IEnumerable<int>>(whole, [.. parts.Prompt, .. parts.Target]);
            Assert.Equal(1, whole.Count(id => id == tokenizer.BosId));
            Assert.Equal(tokenizer.BosId, whole[0]);
            Assert.Equal(tokenizer.EosId, parts.Target[^1]);
            Assert.Equal(1, parts.Target.Count(tokenizer.IsSpecial));
            Assert.Equal(" " + row.Output, tokenizer.Decode(parts.Target));
            Assert.Equal(parts.Target[..^1], template.EncodeContinuation(row.Output));
        }
    }

    [Fact]
    public void ToConversation_Input_GoesWhereThePlacementSays()
    {
        PromptTemplate template = SandboxText.Template();

        Assert.Equal("What is the feeling?\nReview: The song was sad.", Assert.Single(template.ToConversation(Row, InputPlacement.AfterInstruction)).Text);
        Assert.Equal("Review: The song was sad. What is the feeling?", Assert.Single(template.ToConversation(Row, InputPlacement.BeforeInstruction)).Text);
        Assert.Equal("What is the feeling?", Assert.Single(template.ToConversation(Row with { Input = "" }, InputPlacement.BeforeInstruction)).Text);
        Assert.Equal("What is the feeling?\n ", Assert.Single(template.ToConversation(Row with { Input = " " }, InputPlacement.AfterInstruction)).Text);
        Assert.Throws<ConfigurationException>(() => template.ToConversation(Row, (InputPlacement)7));
    }

    [Fact]
    public void ToConversation_System_IsAMessageOfItsOwn()
    {
        PromptTemplate template = SandboxText.Template();
        FinetuneExample row = Row with { System = "Be safe.", Input = "" };

        IReadOnlyList<ChatMessage> messages = template.ToConversation(row, InputPlacement.AfterInstruction);
        PromptAndTarget parts = template.Encode(row, InputPlacement.AfterInstruction);

        Assert.Equal([ChatRole.System, ChatRole.User], messages.Select(m => m.Role));
        Assert.Equal("<|bos|><|user|>Be safe. What is the feeling?<|end|><|assistant|>", SandboxText.Text(template.Render(messages, addGenerationPrompt: true)));
        Assert.Equal(template.EncodePrompt(messages), parts.Prompt);
    }

    [Fact]
    public void StopIds_OfEachTemplate_HoldTheEndToken()
    {
        int end = SandboxText.Tokenizer().TokenToId("<|end|>")!.Value;

        Assert.Equal(4, end);
        foreach (string id in (string[])["chat", "alpaca", "raw"])
        {
            PromptTemplate template = SandboxText.Template(id);
            Assert.Equal([end], template.StopIds);
            Assert.Equal(end, template.Encode(Row, InputPlacement.AfterInstruction).Target[^1]);
        }
    }

    [Fact]
    public void Fingerprint_DiffersBetweenTemplatesAndRepeats()
    {
        string[] prints = [.. new[] { "chat", "alpaca", "raw" }.Select(id => SandboxText.Template(id).Fingerprint)];

        Assert.Equal(3, prints.Distinct().Count());
        Assert.Equal(prints, new[] { "chat", "alpaca", "raw" }.Select(id => SandboxText.Template(id).Fingerprint));
        Assert.All(prints, p => Assert.Matches("^[0-9a-f]{64}$", p));
    }
}
