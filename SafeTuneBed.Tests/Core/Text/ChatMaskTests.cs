using System.Text.Json;
using Microsoft.Extensions.AI;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Text;
using SafeTuneBed.Text.Jinja;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary>Published chat templates with their tokenizers: prompt and target together are the whole rendered text encoded at once.</summary>
public sealed class ChatMaskTests
{
    private static readonly string[] Roots = Environment.GetEnvironmentVariable("SAFETUNEBED_GOLDEN") is { Length: > 0 } named
        ? [Path.GetFullPath(named, SharedFolder.Root)]
        : [Path.Combine(Path.GetDirectoryName(SharedFolder.Root)!, "shared", "golden", "chat_templates")];

    /// <summary>Every file of ids of rendered chats, with the folder of the tokenizer that it names.</summary>
    public static TheoryData<string, string> Fixtures
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string file in Roots.Where(Directory.Exists).SelectMany(r => Directory.EnumerateFiles(r, "tokenized.*.json", SearchOption.AllDirectories)).Order(StringComparer.Ordinal))
            {
                string tokenizer = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", "tokenizers", Path.GetFileNameWithoutExtension(file)["tokenized.".Length..]));
                if (Directory.Exists(tokenizer))
                {
                    data.Add(file, tokenizer);
                }
            }

            return data;
        }
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Fixtures))]
    public void Chat_OfPublishedTemplate_EqualsReferenceIds(string file, string tokenizerFolder)
    {
        string folder = Path.GetDirectoryName(file)!;
        ModelTokenizer tokenizer = ModelTokenizer.Load(tokenizerFolder);
        JsonElement ids = JsonDocument.Parse(File.ReadAllBytes(file)).RootElement.GetProperty("ids");
        JsonElement cases = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "cases.json"))).RootElement.GetProperty("cases");
        var chat = new ChatPromptTemplate(JinjaChatTemplate.FromFolder(folder)!, tokenizer);
        int rows = 0;
        foreach (JsonElement item in cases.EnumerateArray())
        {
            string id = item.GetProperty("id").GetString()!;
            if (!ids.TryGetProperty(id, out JsonElement wanted))
            {
                continue;
            }

            int[] whole = [.. wanted.EnumerateArray().Select(i => i.GetInt32())];
            Assert.Equal(whole, tokenizer.Encode(item.GetProperty("rendered").GetString()!, parseSpecialTokens: true));
            if (item.TryGetProperty("prompt_is_prefix", out JsonElement prefix) && prefix.GetBoolean())
            {
                rows++;
                CheckRow(id, item, whole, tokenizer, chat);
            }
        }

        Assert.True(rows > 0, $"{file} has no conversation that ends with an answer.");
    }

    private static void CheckRow(string id, JsonElement item, int[] whole, ModelTokenizer tokenizer, ChatPromptTemplate chat)
    {
        ChatMessage[] messages = [.. item.GetProperty("messages").EnumerateArray().Select(m => new ChatMessage(new ChatRole(m.GetProperty("role").GetString()!), m.GetProperty("content").GetString()))];
        PromptAndTarget parts = chat.Encode(messages[..^1], messages[^1].Text);
        Assert.Equal(chat.EncodePrompt(messages[..^1]), parts.Prompt);
        Assert.Contains(parts.Target[^1], chat.StopIds);

        // Message text that looks like control tokens is ordinary text here, but not to the reference, which encodes the text alone.
        string rendered = item.GetProperty("rendered").GetString()!;
        bool looksLikeControl = messages.Any(m => tokenizer.Encode(m.Text, parseSpecialTokens: true).Any(tokenizer.EndsStretch));
        int[] all = [.. parts.Prompt, .. parts.Target];
        if (looksLikeControl)
        {
            Assert.StartsWith(WithoutBlanks(tokenizer.Decode(all, skipSpecialTokens: false)), WithoutBlanks(rendered), StringComparison.Ordinal);
            Assert.NotEqual(whole[..Math.Min(all.Length, whole.Length)], all);
            return;
        }

        // What the template puts behind the last end token is not part of the row.
        Assert.True(whole.Length >= all.Length, id);
        Assert.Equal(whole[..all.Length], all);
        Assert.DoesNotContain(whole[all.Length..], chat.StopIds.Contains);
    }

    // Some tokenizers put a blank behind each control token, which decoding shows.
    private static string WithoutBlanks(string text) => text.Replace(" ", "", StringComparison.Ordinal);
}
