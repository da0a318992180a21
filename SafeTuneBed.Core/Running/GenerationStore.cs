using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace SafeTuneBed.Running;

/// <summary>
/// The answers of one evaluation on disk, one line each (<see cref="SealedLines"/>). Each names its item, the hash of its prompt and the hash of everything that decides
/// the answer; one that is damaged is made again alone. Thread-safe.
/// </summary>
internal sealed class GenerationStore : IDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<(string Id, string PromptHash), Generation> answers = [];
    private readonly Dictionary<(string Id, string PromptHash), (Generation Answer, string Line)> borrowed = [];
    private readonly string key;
    private readonly SealedLines file;

    private GenerationStore(string path, string key, TimeProvider time) => (this.key, file) = (key, new SealedLines(path, time));

    /// <summary>Opens the store of one evaluation.</summary>
    /// <param name="path">The file; made when the first answer comes.</param>
    /// <param name="key">Hash of the model under test and the decoding: answers under another key are not used.</param>
    /// <param name="time">The clock of the syncs.</param>
    /// <param name="siblings">Further files whose answers may serve when their key and prompt agree.</param>
    public static GenerationStore Open(string path, string key, TimeProvider time, params IEnumerable<string> siblings)
    {
        var store = new GenerationStore(path, key, time);
        var lines = new List<string>();
        if (!Read(path, key, (id, answer, line) =>
        {
            store.answers[id] = answer;
            lines.Add(line);
        }))
        {
            DurableFile.WriteText(path, string.Concat(lines.Select(line => line + "\n")));
        }

        foreach (string sibling in siblings)
        {
            Read(sibling, key, (id, answer, line) => store.borrowed[id] = (answer, line));
        }

        return store;
    }

    /// <summary>Answers at hand.</summary>
    public int Count => answers.Count;

    /// <summary>Answers that were not at hand and have been added.</summary>
    public int Added { get; private set; }

    /// <summary>The stored answer to exactly this prompt, or null.</summary>
    public Generation? Find(string itemId, string promptHash)
    {
        var id = (itemId, promptHash);
        lock (gate)
        {
            if (answers.TryGetValue(id, out Generation? own))
            {
                return own;
            }

            if (!borrowed.TryGetValue(id, out var other))
            {
                return null;
            }

            answers[id] = other.Answer;
            file.Append(other.Line);
            return other.Answer;
        }
    }

    /// <summary>Keeps an answer.</summary>
    public void Add(string itemId, string promptHash, Generation generation)
    {
        string line = WriteLine(itemId, promptHash, key, generation);
        lock (gate)
        {
            answers[(itemId, promptHash)] = generation;
            Added++;
            file.Append(line);
        }
    }

    /// <summary>Forces everything to the disk and closes the file.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            file.Dispose();
        }
    }

    /// <summary>Hash of a conversation: roles, texts, and the fields that templates may place apart.</summary>
    public static string HashOf(IReadOnlyList<ChatMessage> prompt) =>
        CanonicalJson.Hash(new JsonArray([.. prompt.Select(m => m.AdditionalProperties is { Count: > 0 } fields
            ? new JsonArray(m.Role.Value, m.Text, new JsonObject(fields.Select(f => KeyValuePair.Create(f.Key, (JsonNode?)f.Value?.ToString()))))
            : new JsonArray(m.Role.Value, m.Text))]))[..32];

    /// <summary>What a file answers under a key; for plans.</summary>
    public static HashSet<Question> Questions(string path, string key)
    {
        var found = new HashSet<Question>();
        Read(path, key, (id, _, _) => found.Add(new Question(id.Id, id.PromptHash)));
        return found;
    }

    /// <summary>
    /// Files of a cell's other measures. Greedy answers to the same prompt are the same, whoever asks; sampled ones belong to their place in a set, so there is none.
    /// </summary>
    public static IEnumerable<string> SiblingsOf(Cell cell, CellEvaluation evaluation)
    {
        string folder = Path.Combine(cell.Folder, "eval");
        return evaluation.Decoding.MaySample || !Directory.Exists(folder)
            ? []
            : Directory.GetDirectories(folder).Where(d => d != evaluation.Folder).Order(StringComparer.Ordinal).Select(d => Path.Combine(d, "generations.jsonl"));
    }

    /// <summary>The stored texts of each item, several turns one after the other.</summary>
    public static Dictionary<string, string> ReadTexts(string path, string key)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        if (File.Exists(path))
        {
            var latest = new OrderedDictionary<(string Id, string PromptHash), string>();
            Read(path, key, (id, answer, _) => latest[id] = answer.Text);
            foreach (var (id, text) in latest)
            {
                texts[id.Id] = texts.TryGetValue(id.Id, out string? earlier) ? $"{earlier}\n\n{text}" : text;
            }
        }

        return texts;
    }

    private static string WriteLine(string itemId, string promptHash, string key, Generation generation)
    {
        var body = new JsonObject
        {
            ["id"] = itemId,
            ["prompt"] = promptHash,
            ["key"] = key,
            ["text"] = generation.Text,
            ["tokens"] = generation.TokenIds is { } ids ? new JsonArray([.. ids.Select(t => (JsonNode)t)]) : null,
            ["finish"] = JsonSerializer.SerializeToNode(generation.FinishReason, CanonicalJson.Line),
            ["promptTokens"] = generation.PromptTokenCount,
        };
        if (generation.StopString is { } stop)
        {
            body["stop"] = stop;
        }

        return SealedLines.Seal(body.ToJsonString(CanonicalJson.Line));
    }

    // Hands over each whole line of this key, in order; true when every line was whole.
    private static bool Read(string path, string key, Action<(string Id, string PromptHash), Generation, string> take) => SealedLines.Read(path, (body, line) =>
    {
        if (!TryParse(body, out var answer))
        {
            return false;
        }

        if (answer.Key == key)
        {
            take((answer.Id, answer.PromptHash), answer.Answer, line);
        }

        return true;
    });

    private static bool TryParse(string body, out (string Id, string PromptHash, string Key, Generation Answer) answer)
    {
        answer = default;
        try
        {
            JsonNode line = JsonNode.Parse(body)!;
            answer = (
                line["id"]!.GetValue<string>(),
                line["prompt"]!.GetValue<string>(),
                line["key"]!.GetValue<string>(),
                new Generation
                {
                    Text = line["text"]!.GetValue<string>(),
                    TokenIds = line["tokens"] is JsonArray ids ? [.. ids.Select(t => t!.GetValue<int>())] : null,
                    FinishReason = line["finish"].Deserialize<FinishReason>(CanonicalJson.Line),
                    PromptTokenCount = line["promptTokens"]!.GetValue<int>(),
                    StopString = line["stop"]?.GetValue<string>(),
                });
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException or FormatException)
        {
            return false;
        }
    }
}
