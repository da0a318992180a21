using System.Text.Json;
using Microsoft.Extensions.AI;
using SafeTuneBed.Text;
using SafeTuneBed.Text.Jinja;

namespace SafeTuneBed.Tests.Core.Text.Jinja;

/// <summary>A folder with a chat template and <c>cases.json</c>, conversations and the texts that Jinja2 made of them.</summary>
internal sealed class ChatTemplateFixture
{
    private readonly JsonElement file;
    private readonly string folder;
    private readonly List<string> faults = [];
    private readonly FixedClock clock;
    private readonly Dictionary<string, object?> tokens = [];

    private ChatTemplateFixture(string folder)
    {
        this.folder = folder;
        file = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "cases.json"))).RootElement;
        foreach (JsonProperty property in file.EnumerateObject().Where(property => property.Name.EndsWith("_token", StringComparison.Ordinal)))
        {
            tokens[property.Name] = property.Value.GetString();
        }

        // A fixture may say when it was made; if not, the day that Llama's own templates fall back to.
        bool dated = file.TryGetProperty("now", out JsonElement now) && now.ValueKind == JsonValueKind.String;
        clock = new FixedClock(dated ? now.GetDateTimeOffset() : new DateTimeOffset(2024, 7, 26, 12, 0, 0, TimeSpan.Zero));
    }

    /// <summary>Checks every case; gives what differs.</summary>
    public static IReadOnlyList<string> Check(string folder)
    {
        ChatTemplateFixture fixture = new(folder);
        fixture.CheckAll();
        return fixture.faults;
    }

    private void CheckAll()
    {
        JinjaChatTemplate template = JinjaChatTemplate.FromFolder(folder, clock) ?? throw new InvalidOperationException("No template in " + folder);
        JinjaTemplate raw = JinjaTemplate.Parse(template.Source, "raw");
        foreach ((string role, object? token) in tokens.Where(token => token.Value is not null))
        {
            Expect("folder", role, (string)token!, template.SpecialTokens.GetValueOrDefault(role));
        }

        foreach (JsonElement item in file.GetProperty("cases").EnumerateArray())
        {
            string id = item.GetProperty("id").GetString()!;
            bool prompt = item.GetProperty("add_generation_prompt").GetBoolean();
            Dictionary<string, object?> variables = new(tokens);
            if (item.TryGetProperty("variables", out JsonElement more) && more.ValueKind == JsonValueKind.Object)
            {
                JinjaRendering.Members(more).ToList().ForEach(member => variables[member.Key] = member.Value);
            }

            CheckCase(id, item, () => RenderRaw(raw, item.GetProperty("messages"), prompt, variables));
            if (ToMessages(item.GetProperty("messages")) is { } messages)
            {
                CheckCase(id, item, () => template.Render(messages, prompt, variables));
                CheckPrefix(id, item, messages, template, variables);
            }
        }
    }

    private void CheckCase(string id, JsonElement item, Func<IReadOnlyList<TextSegment>> render)
    {
        string? wanted = item.TryGetProperty("rendered", out JsonElement rendered) ? rendered.GetString() : null;
        try
        {
            Expect(id, "rendered", wanted ?? "an error", JinjaRendering.Join(render()));
        }
        catch (ChatTemplateException fault)
        {
            Expect(id, "rendered", wanted, null);
            bool raised = item.TryGetProperty("raised_by_template", out JsonElement flag) && flag.GetBoolean();
            Expect(id, "raised_by_template", raised.ToString(), fault.IsRaisedByTemplate.ToString());
            if (raised && item.GetProperty("error").GetString() is { } error)
            {
                Expect(id, "error", error, "TemplateError: " + fault.RaisedText);
            }
        }
    }

    // The prompt of the last answer, and whether the whole text begins with it.
    private void CheckPrefix(string id, JsonElement item, List<ChatMessage> messages, JinjaChatTemplate template, Dictionary<string, object?> variables)
    {
        if (!item.TryGetProperty("prompt_without_last_turn", out JsonElement wanted) || wanted.ValueKind != JsonValueKind.String)
        {
            return;
        }

        string prompt = JinjaRendering.Join(template.Render(messages[..^1], true, variables));
        string whole = JinjaRendering.Join(template.Render(messages, item.GetProperty("add_generation_prompt").GetBoolean(), variables));
        Expect(id, "prompt_without_last_turn", wanted.GetString(), prompt);
        Expect(id, "prompt_is_prefix", item.GetProperty("prompt_is_prefix").GetBoolean().ToString(), whole.StartsWith(prompt, StringComparison.Ordinal).ToString());
    }

    private IReadOnlyList<TextSegment> RenderRaw(JinjaTemplate template, JsonElement messages, bool prompt, Dictionary<string, object?> variables)
    {
        Dictionary<string, object?> all = new(variables)
        {
            ["messages"] = messages,
            ["add_generation_prompt"] = prompt,
        };
        all.TryAdd("tools", null);
        all.TryAdd("documents", null);
        return template.Render(all, clock: clock);
    }

    // Null where a message has more than the seam carries.
    private static List<ChatMessage>? ToMessages(JsonElement messages)
    {
        bool plain = messages.EnumerateArray().All(message => message.EnumerateObject().All(field =>
            field.Name is "role" or "content" or "reasoning_content" && field.Value.ValueKind == JsonValueKind.String));
        return !plain ? null : [.. messages.EnumerateArray().Select(message =>
        {
            ChatMessage result = new(new ChatRole(message.GetProperty("role").GetString()!), message.GetProperty("content").GetString());
            if (message.TryGetProperty("reasoning_content", out JsonElement reasoning))
            {
                result.Contents.Add(new TextReasoningContent(reasoning.GetString()));
            }

            return result;
        })];
    }

    private void Expect(string id, string what, string? wanted, string? got)
    {
        if (wanted != got)
        {
            faults.Add($"{id}: {what}\n    wanted {wanted}\n    got    {got}");
        }
    }
}
