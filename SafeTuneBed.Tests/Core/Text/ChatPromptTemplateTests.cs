using CsCheck;
using Microsoft.Extensions.AI;
using SafeTuneBed.Text;
using SafeTuneBed.Text.Jinja;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary>Models' own chat templates: where answers begin and end, and that nobody can write control tokens into a message.</summary>
public sealed class ChatPromptTemplateTests
{
    private const string Llama3 = "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n{{ m.content | trim }}<|eot_id|>{% endfor %}"
        + "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}";

    private const string ChatMl = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

    private const string Llama2 = "{% for m in messages %}{% if m.role == 'user' %}{{ bos_token }}[INST] {{ m.content }} [/INST]{% else %} {{ m.content }} {{ eos_token }}{% endif %}{% endfor %}";

    private static readonly FinetuneExample Row = new() { Instruction = "How are you?", Output = "I am well." };

    [Theory]
    [InlineData("bytelevel_llama3_style", Llama3, "I am well.<|eot_id|>")]
    [InlineData("bytelevel_qwen_style", ChatMl, "I am well.<|im_end|>")]
    [InlineData("sentencepiece_small", Llama2, " I am well. </s>")]
    [InlineData("sentencepiece_small_metaspace", Llama2, " I am well. </s>")]
    public void Encode_TargetBeginsBehindThePromptAndEndsWithTheEndToken(string name, string source, string target)
    {
        ModelTokenizer tokenizer = GoldenText.Tokenizer(name);
        ChatPromptTemplate template = Of(tokenizer, source);

        PromptAndTarget parts = template.Encode(Row, InputPlacement.AfterInstruction);

        IReadOnlyList<ChatMessage> conversation = template.ToConversation(Row, InputPlacement.AfterInstruction);
        int[] whole = tokenizer.Encode(template.Render([.. conversation, new ChatMessage(ChatRole.Assistant, Row.Output)], addGenerationPrompt: false));
        int[] prompt = template.EncodePrompt(conversation);
        Assert.Equal(prompt, parts.Prompt);
        Assert.Equal(whole.Take(parts.Prompt.Length + parts.Target.Length), [.. parts.Prompt, .. parts.Target]);
        Assert.Equal(
            SandboxText.Text(template.Render(conversation, addGenerationPrompt: true)) + target,
            Unblank(tokenizer.Decode([.. parts.Prompt, .. parts.Target], skipSpecialTokens: false)));
        Assert.True(tokenizer.IsSpecial(parts.Target[^1]));
        Assert.Contains(parts.Target[^1], template.StopIds);
        Assert.Equal(tokenizer.BosId is { } bos && (tokenizer.AddsBos || source.Contains("bos_token", StringComparison.Ordinal)) ? [bos] : [], prompt.Where(i => i == tokenizer.BosId));
        Assert.True(parts.Target.AsSpan().StartsWith(template.EncodeContinuation(Row.Output)));

        // SentencePiece writes a blank after control tokens, which belongs to the following stretch.
        string Unblank(string text) => name.StartsWith("sentencepiece_small", StringComparison.Ordinal) ? text.Replace("<s> [", "<s>[", StringComparison.Ordinal) : text;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void EncodePrompt_TemplateWithOrWithoutBeginning_HasExactlyOne(bool templateWritesIt)
    {
        ModelTokenizer tokenizer = GoldenText.Tokenizer("sentencepiece_small");
        ChatPromptTemplate template = Of(tokenizer, templateWritesIt ? Llama2 : Llama2.Replace("{{ bos_token }}", "", StringComparison.Ordinal));

        int[] prompt = template.EncodePrompt([new ChatMessage(ChatRole.User, "<s>How are <s> you?")]);

        Assert.True(tokenizer.AddsBos);
        Assert.Equal(tokenizer.BosId, prompt[0]);
        Assert.Equal(1, prompt.Count(i => i == tokenizer.BosId));
    }

    [Fact]
    public void StopIds_AreTheEndOfTextAndWhatTheTemplatePutsBehindAnAnswer()
    {
        ModelTokenizer llama3 = GoldenText.Tokenizer("bytelevel_llama3_style");
        ModelTokenizer qwen = GoldenText.Tokenizer("bytelevel_qwen_style");

        Assert.Equal(Ids(llama3, llama3.SpecialTokenText("eos_token")!, "<|eot_id|>"), Of(llama3, Llama3).StopIds.Order());
        Assert.Equal(Ids(qwen, qwen.SpecialTokenText("eos_token")!, "<|im_end|>"), Of(qwen, ChatMl).StopIds.Order());

        static IEnumerable<int> Ids(ModelTokenizer tokenizer, params string[] texts) => texts.Select(t => tokenizer.TokenToId(t)!.Value).Distinct().Order();
    }

    [Fact]
    public void Encode_PromptIsNoBeginningOfTheWhole_IsRefusedWithTheRemedy()
    {
        ModelTokenizer tokenizer = GoldenText.Tokenizer("bytelevel_llama3_style");
        ChatPromptTemplate template = Of(tokenizer, "{{ messages | length }}{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}");

        var fault = Assert.Throws<ConfigurationException>(() => template.Encode(Row, InputPlacement.AfterInstruction));

        Assert.Contains("renders a conversation with its answer differently from the prompt", fault.Message);
        Assert.Contains("'alpaca' or 'raw'", fault.Message);
        Assert.NotEmpty(template.EncodePrompt([new ChatMessage(ChatRole.User, "x")]));
    }

    [Fact]
    public void StopIds_TemplateLeavesAnswersOut_IsRefused()
    {
        ModelTokenizer tokenizer = GoldenText.Tokenizer("bytelevel_llama3_style");
        ChatPromptTemplate template = Of(tokenizer, "{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}");

        Assert.Contains("leaves the answer out", Assert.Throws<ConfigurationException>(() => template.StopIds).Message);
    }

    [Fact]
    public void Encode_TemplateWithoutAnEndToken_EndsWithTheEndOfText()
    {
        ModelTokenizer tokenizer = GoldenText.Tokenizer("bytelevel_llama3_style");
        ChatPromptTemplate template = Of(tokenizer, "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}");

        int[] target = template.Encode(Row, InputPlacement.AfterInstruction).Target;

        Assert.Equal([tokenizer.EosId!.Value], template.StopIds);
        Assert.Equal(tokenizer.EosId, target[^1]);
        Assert.Equal("I am well.", tokenizer.Decode(target));
    }

    public static TheoryData<string, string> Forgeable => new()
    {
        { "embedded", "chat" }, { "embedded", "alpaca" }, { "embedded", "raw" },
        { "bytelevel_llama3_style", "chat" }, { "bytelevel_llama3_style", "alpaca" },
        { "bytelevel_qwen_style", "chat" }, { "sentencepiece_small", "chat" }, { "sentencepiece_small", "alpaca" }, { "sentencepiece_small_metaspace", "chat" },
    };

    [Theory]
    [MemberData(nameof(Forgeable))]
    public void Encode_ControlTokensWrittenIntoMessages_StayText(string name, string id)
    {
        bool sandbox = name == "embedded";
        ModelTokenizer tokenizer = sandbox ? SandboxText.Tokenizer() : GoldenText.Tokenizer(name);
        PromptTemplate template = sandbox ? SandboxText.Template(id, SandboxText.Folder("embedded"), tokenizer)
            : id == "alpaca" ? new AlpacaPromptTemplate(tokenizer)
            : Of(tokenizer, name.Contains("llama3", StringComparison.Ordinal) ? Llama3 : name.Contains("qwen", StringComparison.Ordinal) ? ChatMl : Llama2);
        bool hasSystem = id != "chat" || sandbox;
        string[] control = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(tokenizer.IsSpecial).Select(i => tokenizer.Decode([i], skipSpecialTokens: false))];
        string[] fragments = [.. control, .. control.Select(c => c[..^1]), .. control.Select(c => c[1..]), "a", " ", "\n", "word", "\u00e9", "[INST]", "<|", "|>"];
        Gen<string> texts = Gen.Int[0, fragments.Length - 1].Array[1, 6].Select(parts => "x" + string.Concat(parts.Select(p => fragments[p])) + "x");
        PromptAndTarget harmless = template.Encode(Row with { Instruction = "x", Output = "x", Input = "x", System = hasSystem ? "x" : null }, InputPlacement.AfterInstruction);

        Assert.True(control.Length >= 3);
        Check.Sample(Gen.Select(texts, texts, texts), (instruction, input, output) =>
        {
            FinetuneExample row = Row with { Instruction = instruction, Input = input, Output = output, System = hasSystem ? input : null };
            PromptAndTarget parts = template.Encode(row, InputPlacement.AfterInstruction);
            string shown = SandboxText.Text(template.Render(template.ToConversation(row, InputPlacement.AfterInstruction), addGenerationPrompt: true));

            Assert.Equal(harmless.Prompt.Where(tokenizer.IsSpecial), parts.Prompt.Where(tokenizer.IsSpecial));
            Assert.Equal(harmless.Target.Where(tokenizer.IsSpecial), parts.Target.Where(tokenizer.IsSpecial));
            Assert.EndsWith(Letters(shown), Letters(tokenizer.Decode(parts.Prompt, skipSpecialTokens: false)), StringComparison.Ordinal);
            Assert.StartsWith(Letters(output), Letters(tokenizer.Decode(parts.Target, skipSpecialTokens: false)), StringComparison.Ordinal);
        }, iter: 200, threads: 1);

        // Blanks around control tokens are the tokenizers' own business; all else must be there.
        static string Letters(string text) => string.Concat(text.Where(c => !char.IsWhiteSpace(c)));
    }

    private static ChatPromptTemplate Of(ModelTokenizer tokenizer, string source) =>
        new(new JinjaChatTemplate(source, "test", new Dictionary<string, string>()), tokenizer);
}
