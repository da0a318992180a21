using Microsoft.Extensions.AI;
using SafeTuneBed.Text.Jinja;

namespace SafeTuneBed.Tests.Core.Text.Jinja;

public sealed class JinjaChatTemplateTests : IDisposable
{
    private const string Simple = "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";

    private readonly string folder = Directory.CreateTempSubdirectory("chat-template-").FullName;

    public void Dispose() => Directory.Delete(folder, true);

    [Fact]
    public void Render_Conversation_PassesWhatHuggingFacePasses()
    {
        JinjaChatTemplate template = new(
            "{{ tools is none }}{{ documents is none }}{{ add_generation_prompt }}{{ bos_token }}|{{ pad_token }}|{{ pad_token is defined }}|{{ enable_thinking }}|{{ messages }}",
            "test", new Dictionary<string, string> { ["bos_token"] = "<s>" });

        string text = JinjaRendering.Join(template.Render([new(ChatRole.System, "be"), new(ChatRole.User, "hi")], true, new Dictionary<string, object?> { ["enable_thinking"] = false }));

        Assert.Equal("TrueTrueTrue<s>||False|False|[{'role': 'system', 'content': 'be'}, {'role': 'user', 'content': 'hi'}]", text);
    }

    [Fact]
    public void Render_MessageWithMoreThanText_BecomesFields()
    {
        JinjaChatTemplate template = new("{{ messages[0].reasoning_content }}|{{ messages[0].name }}|{{ messages[0].weight }}|{{ messages[0].content }}|{{ messages[0].role }}", "test", new Dictionary<string, string>());
        ChatMessage message = new(ChatRole.Assistant, [new TextReasoningContent("think"), new TextContent("say "), new TextContent("it")])
        {
            AuthorName = "Ann",
            AdditionalProperties = new() { ["weight"] = 2, ["role"] = "system", ["content"] = "other" },
        };

        Assert.Equal("think|Ann|2|say it|assistant", JinjaRendering.Join(template.Render([message], false)));
    }

    [Fact]
    public void Render_MessageThatIsNotText_IsRefused()
    {
        JinjaChatTemplate template = new(Simple, "test", new Dictionary<string, string>());

        ChatTemplateException fault = Assert.Throws<ChatTemplateException>(() => template.Render([new(ChatRole.User, "a"), new(ChatRole.Assistant, [new FunctionCallContent("1", "f")])], false));

        Assert.Contains("message 1 holds a FunctionCallContent", fault.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => template.Render([], false, new Dictionary<string, object?> { ["messages"] = null }));
    }

    [Fact]
    public void Fingerprint_OfTemplateAndTokens_ChangesWithEither()
    {
        string[] prints =
        [
            new JinjaChatTemplate("a", "x", new Dictionary<string, string>()).Fingerprint,
            new JinjaChatTemplate("b", "x", new Dictionary<string, string>()).Fingerprint,
            new JinjaChatTemplate("a", "x", new Dictionary<string, string> { ["bos_token"] = "c" }).Fingerprint,
            new JinjaChatTemplate("a", "x", new Dictionary<string, string> { ["eos_token"] = "c" }).Fingerprint,
            new JinjaChatTemplate("a", "x", new Dictionary<string, string> { ["bos_token"] = "c", ["eos_token"] = "d" }).Fingerprint,
        ];

        Assert.Equal(prints.Length, prints.Distinct().Count());
        Assert.All(prints, print => Assert.Matches("^[0-9a-f]{64}$", print));
        Assert.Equal(prints[4], new JinjaChatTemplate("a", "another name", new Dictionary<string, string> { ["eos_token"] = "d", ["bos_token"] = "c" }).Fingerprint);
    }

    [Fact]
    public void FromFolder_TemplateFileAndConfiguration_FileWins()
    {
        Write("chat_template.jinja", Simple);
        Write("tokenizer_config.json", """{"chat_template": "other", "bos_token": {"content": "<s>", "lstrip": false}, "eos_token": "</s>", "pad_token": null, "add_bos_token": true, "extra_special_tokens": {"image_token": "<i>"}}""");
        Write("special_tokens_map.json", """{"eos_token": "late", "unk_token": {"content": "<unk>"}, "additional_special_tokens": ["<a>"]}""");

        JinjaChatTemplate template = JinjaChatTemplate.FromFolder(folder)!;

        Assert.Equal("<s>[user]hi[assistant]", JinjaRendering.Join(template.Render([new(ChatRole.User, "hi")], true)));
        Assert.Equal(
            new Dictionary<string, string> { ["bos_token"] = "<s>", ["eos_token"] = "</s>", ["image_token"] = "<i>", ["unk_token"] = "<unk>" },
            template.SpecialTokens.OrderBy(token => token.Key).ToDictionary());
    }

    [Theory]
    [InlineData("""{"chat_template": "A"}""")]
    [InlineData("""{"chat_template": [{"name": "tool_use", "template": "B"}, {"name": "default", "template": "A"}]}""")]
    public void FromFolder_TemplateInConfiguration_IsTaken(string configuration)
    {
        Write("tokenizer_config.json", configuration);

        Assert.Equal("A", JinjaRendering.Join(JinjaChatTemplate.FromFolder(folder)!.Render([], false)));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"chat_template": null}""")]
    [InlineData(null)]
    public void FromFolder_WithoutTemplate_IsNull(string? configuration)
    {
        if (configuration is not null)
        {
            Write("tokenizer_config.json", configuration);
        }

        Assert.Null(JinjaChatTemplate.FromFolder(folder));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("""{"chat_template": 5}""")]
    [InlineData("""{"chat_template": [{"name": "rag", "template": "B"}]}""")]
    [InlineData("""{"chat_template": [{"name": "default"}]}""")]
    [InlineData("""{"chat_template": ["default"]}""")]
    [InlineData("""{"chat_template": "\ud83d"}""")]
    public void FromFolder_WithADamagedConfiguration_NamesTheFile(string configuration)
    {
        Write("tokenizer_config.json", configuration);

        ModelFormatException fault = Assert.Throws<ModelFormatException>(() => JinjaChatTemplate.FromFolder(folder));

        Assert.Equal(Path.Combine(folder, "tokenizer_config.json"), fault.Path);
    }

    [Fact]
    public void FromFolder_WithABrokenTemplate_NamesFileAndPlace()
    {
        Write("chat_template.jinja", "{% for m in messages %}\n{{ m.role");

        ChatTemplateException fault = Assert.Throws<ChatTemplateException>(() => JinjaChatTemplate.FromFolder(folder));

        Assert.Contains("chat_template.jinja", fault.Message, StringComparison.Ordinal);
        Assert.Equal(2, fault.Line);
        Assert.Throws<ModelFormatException>(() => JinjaChatTemplate.FromFolder(Path.Combine(folder, "missing")));
    }

    [Fact]
    public void Render_OnManyThreads_GivesTheSame()
    {
        JinjaChatTemplate template = new("{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{{ ns.n }}:{{ 'é😀'[::-1] ~ m.content[1:] }};{% endfor %}", "test", new Dictionary<string, string>());

        string[] texts = [.. Enumerable.Range(0, 200).AsParallel().Select(_ => JinjaRendering.Join(template.Render([new(ChatRole.User, "😀a"), new(ChatRole.User, "bc")], false))).Distinct()];

        Assert.Equal(["1:😀éa;2:😀éc;"], texts);
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(folder, name), text);
}
