using System.Text.Json;
using Microsoft.Extensions.AI;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Text.Jinja;

namespace SafeTuneBed.Tests.Core.Text.Jinja;

/// <summary>Published templates against the texts that Jinja2 made of them.</summary>
public sealed class ChatTemplateParityTests
{
    [Theory]
    [InlineData("chatml")]
    [InlineData("gemma-2-it")]
    [InlineData("llama-2-chat")]
    [InlineData("llama-3-instruct")]
    [InlineData("mistral-instruct-v0.2")]
    [InlineData("phi-3-mini")]
    [InlineData("qwen2.5-instruct")]
    public void Template_Published_GivesTheTextsAndIdsRecorded(string name) => PublicFixture.Check("chat_templates", name);

    [Theory]
    [InlineData("aligned")]
    [InlineData("base")]
    public void Template_OfTheSandbox_RendersAsRecorded(string model)
    {
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllText(SharedFolder.Require("sandbox", "expected.json")));
        JinjaChatTemplate template = JinjaChatTemplate.FromFolder(SharedFolder.Require("sandbox", model))!;

        foreach (JsonElement item in expected.RootElement.GetProperty("chat_template").EnumerateArray())
        {
            ChatMessage[] messages = [.. item.GetProperty("messages").EnumerateArray()
                .Select(message => new ChatMessage(new ChatRole(message.GetProperty("role").GetString()!), message.GetProperty("content").GetString()))];
            string text = JinjaRendering.Join(template.Render(messages, item.GetProperty("add_generation_prompt").GetBoolean()));

            Assert.Equal(item.GetProperty("text").GetString(), text);
        }
    }

    [Fact]
    public void Fixture_WithAWrongText_IsReported()
    {
        string folder = Directory.CreateTempSubdirectory("chat-template-").FullName;
        File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}");
        File.WriteAllText(Path.Combine(folder, "cases.json"), """
            {"bos_token": null, "cases": [
              {"id": "right", "messages": [{"role": "user", "content": "a"}], "add_generation_prompt": false, "rendered": "<user>a"},
              {"id": "wrong", "messages": [{"role": "user", "content": "a"}], "add_generation_prompt": false, "rendered": "<user>b"},
              {"id": "fails", "messages": [{"role": "user", "content": "a"}], "add_generation_prompt": false, "error": "TemplateError: no", "raised_by_template": true}]}
            """);

        IReadOnlyList<string> faults = ChatTemplateFixture.Check(folder);
        Directory.Delete(folder, true);

        // Each of the two is seen on both ways in.
        Assert.Equal(["wrong", "wrong", "fails", "fails"], faults.Select(fault => fault.Split(':')[0]));
    }
}
