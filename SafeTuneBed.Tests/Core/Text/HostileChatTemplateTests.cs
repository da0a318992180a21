using System.Text;
using Microsoft.Extensions.AI;
using SafeTuneBed.Text;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary>Where a folder's chat template is looked for, and what happens when it is damaged.</summary>
public sealed class HostileChatTemplateTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("template-").FullName;
    private readonly ModelTokenizer tokenizer = GoldenText.Tokenizer("bytelevel_llama3_style");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("chat_template.jinja", "own {{ messages[0].content }}", "own hi")]
    [InlineData("chat_template.jinja", "\ufeffown {{ messages[0].content }}", "own hi")]
    [InlineData("tokenizer_config.json", "{\"chat_template\":\"text {{ messages[0].content }}\"}", "text hi")]
    [InlineData("tokenizer_config.json", "{\"chat_template\":[{\"name\":\"tool_use\",\"template\":\"no\"},{\"name\":\"default\",\"template\":\"list {{ messages[0].content }}\"}]}", "list hi")]
    [InlineData("chat_template.json", "{\"chat_template\":\"json {{ messages[0].content }}\"}", "json hi")]
    public void Resolve_EachPlace_IsRead(string file, string text, string rendered)
    {
        File.WriteAllText(Path.Combine(folder, file), text);

        Assert.Equal(rendered, SandboxText.Text(Resolve(null).Render([new ChatMessage(ChatRole.User, "hi")], addGenerationPrompt: true)));
    }

    [Fact]
    public void Resolve_SeveralPlaces_TheFileOfItsOwnWins()
    {
        File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), "own");
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), "{\"chat_template\":\"text\"}");

        Assert.Equal("own", SandboxText.Text(Resolve("chat").Render([new ChatMessage(ChatRole.User, "hi")], addGenerationPrompt: true)));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"chat_template\":null}")]
    public void Resolve_NoTemplate_IsRawUnlessAskedFor(string config)
    {
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), config);

        Assert.Equal("raw", Resolve(null).Id);
        Assert.Throws<ConfigurationException>(() => Resolve("chat"));
    }

    [Theory]
    [InlineData("tokenizer_config.json", "{\"chat_template\":5}")]
    [InlineData("tokenizer_config.json", "{\"chat_template\":[]}")]
    [InlineData("tokenizer_config.json", "{\"chat_template\":[5]}")]
    [InlineData("tokenizer_config.json", "{\"chat_template\":[{\"name\":\"tool_use\",\"template\":\"x\"}]}")]
    [InlineData("tokenizer_config.json", "{\"chat_template\":\"\\ud800\"}")]
    [InlineData("tokenizer_config.json", "{\"chat_template\":")]
    [InlineData("tokenizer_config.json", "[]")]
    [InlineData("chat_template.json", "")]
    public void Resolve_DamagedFile_IsRefusedByName(string file, string text)
    {
        string path = Path.Combine(folder, file);
        File.WriteAllText(path, text);

        Assert.Equal(path, Assert.Throws<ModelFormatException>(() => Resolve(null)).Path);
    }

    [Fact]
    public void Resolve_BytesThatAreNoText_AreRefusedByName()
    {
        string path = Path.Combine(folder, "chat_template.jinja");
        File.WriteAllBytes(path, [.. Encoding.UTF8.GetBytes("{{ messages }}"), 0xFF, 0xFE]);

        Assert.Equal(path, Assert.Throws<ModelFormatException>(() => Resolve(null)).Path);
    }

    [Fact]
    public void Resolve_WrongSyntax_NamesFileAndPlace()
    {
        string path = Path.Combine(folder, "chat_template.jinja");
        File.WriteAllText(path, "{% for m in messages %}\n{{ m.content }");

        var fault = Assert.Throws<ChatTemplateException>(() => Resolve(null));

        Assert.Equal((path, 2), (fault.Template, fault.Line));
    }

    private PromptTemplate Resolve(string? id) => SandboxText.Template(id, folder, tokenizer);
}
