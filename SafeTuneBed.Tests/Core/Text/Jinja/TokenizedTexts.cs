using System.Text.Json;
using Microsoft.Extensions.AI;
using SafeTuneBed.Tests.Parity;
using SafeTuneBed.Text;
using SafeTuneBed.Text.Jinja;

namespace SafeTuneBed.Tests.Core.Text.Jinja;

/// <summary>From conversations through a fixture's template and a tokenizer to the ids that the official tokenizer gave for the rendered text.</summary>
internal static class TokenizedTexts
{
    /// <summary>What differs. Taken apart into template and content, a text must have the same ids where no content spells an added token.</summary>
    /// <param name="folder">The template's fixture.</param>
    /// <param name="file">Its <c>tokenized.*.json</c>.</param>
    /// <param name="tokenizerFolder">The tokenizer's fixture.</param>
    public static IReadOnlyList<string> Check(string folder, string file, string tokenizerFolder)
    {
        using JsonDocument ids = JsonDocument.Parse(File.ReadAllBytes(file));
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "cases.json")));
        ModelTokenizer tokenizer = ModelTokenizer.Load(tokenizerFolder);
        string[] added = AddedTokens(tokenizerFolder);
        JinjaChatTemplate template = JinjaChatTemplate.FromFolder(folder)!;
        Dictionary<string, object?> tokens = cases.RootElement.EnumerateObject().Where(p => p.Name.EndsWith("_token", StringComparison.Ordinal))
            .ToDictionary(p => p.Name, p => (object?)p.Value.GetString());
        Dictionary<string, JsonElement> byId = cases.RootElement.GetProperty("cases").EnumerateArray().ToDictionary(c => c.GetProperty("id").GetString()!);
        var faults = new List<string>();
        int compared = 0;
        foreach (JsonProperty entry in ids.RootElement.GetProperty("ids").EnumerateObject())
        {
            JsonElement item = byId[entry.Name];
            if (!item.TryGetProperty("rendered", out JsonElement rendered) || rendered.ValueKind != JsonValueKind.String)
            {
                continue;
            }

            int[] wanted = entry.Value.Ints();
            Compare(entry.Name, wanted, tokenizer.Encode(rendered.GetString()!, parseSpecialTokens: true));
            JsonElement[] messages = [.. item.GetProperty("messages").EnumerateArray()];
            bool plain = !item.TryGetProperty("variables", out _) && messages.All(m => m.EnumerateObject().All(f => f.Name is "role" or "content" && f.Value.ValueKind == JsonValueKind.String));
            if (plain && !messages.Any(m => added.Any(m.GetProperty("content").GetString()!.Contains)))
            {
                ChatMessage[] conversation = [.. messages.Select(m => new ChatMessage(new ChatRole(m.GetProperty("role").GetString()!), m.GetProperty("content").GetString()))];
                Compare(entry.Name + " in segments", wanted, tokenizer.Encode(template.Render(conversation, item.GetProperty("add_generation_prompt").GetBoolean(), tokens)));
            }
        }

        Assert.True(compared > 0, $"{file} holds nothing to compare.");
        return faults;

        void Compare(string name, int[] wanted, int[] got)
        {
            compared++;
            if (!wanted.SequenceEqual(got))
            {
                faults.Add($"{name}: expected {string.Join(',', wanted)}, got {string.Join(',', got)}");
            }
        }
    }

    private static string[] AddedTokens(string folder)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "tokenizer.json")));
        return [.. document.RootElement.GetProperty("added_tokens").EnumerateArray().Select(t => t.GetProperty("content").GetString()!)];
    }
}
