using System.Text.Json;
using System.Text.Json.Nodes;

namespace SafeTuneBed.Running;

/// <summary>
/// The log-probabilities of one evaluation on disk, one line for each question (<see cref="SealedLines"/>): its item, the hash of what was asked, the hash of the weights,
/// and for each continuation its log-probability, its tokens, whether it is greedy and how many tokens of the context were dropped. Used by one thread at a time.
/// </summary>
internal sealed class LikelihoodStore : IDisposable
{
    /// <summary>Name of the file in an evaluation's folder.</summary>
    public const string FileName = "likelihoods.jsonl";

    private readonly Dictionary<Question, IReadOnlyList<ContinuationScore>> scores = [];
    private readonly Dictionary<Question, (IReadOnlyList<ContinuationScore> Scores, string Line)> borrowed = [];
    private readonly string key;
    private readonly SealedLines file;

    private LikelihoodStore(string path, string key, TimeProvider time) => (this.key, file) = (key, new SealedLines(path, time));

    /// <summary>Opens the store of one evaluation.</summary>
    /// <param name="path">The file; made when the first score comes.</param>
    /// <param name="key">Hash of the model under test.</param>
    /// <param name="time">The clock of the syncs.</param>
    /// <param name="siblings">Further files whose scores may serve.</param>
    public static LikelihoodStore Open(string path, string key, TimeProvider time, params IEnumerable<string> siblings)
    {
        var store = new LikelihoodStore(path, key, time);
        var lines = new List<string>();
        if (!Read(path, key, (question, scores, line) =>
        {
            store.scores[question] = scores;
            lines.Add(line);
        }))
        {
            DurableFile.WriteText(path, string.Concat(lines.Select(line => line + "\n")));
        }

        foreach (string sibling in siblings)
        {
            Read(sibling, key, (question, scores, line) => store.borrowed[question] = (scores, line));
        }

        return store;
    }

    /// <summary>The stored scores of a question, or null.</summary>
    public IReadOnlyList<ContinuationScore>? Find(string itemId, string promptHash)
    {
        var question = new Question(itemId, promptHash);
        if (!scores.TryGetValue(question, out IReadOnlyList<ContinuationScore>? found) && borrowed.TryGetValue(question, out var other))
        {
            scores[question] = found = other.Scores;
            file.Append(other.Line);
        }

        return found;
    }

    /// <summary>Keeps scores that were computed together.</summary>
    public void Add(IReadOnlyList<(string ItemId, string PromptHash, IReadOnlyList<ContinuationScore> Scores)> made)
    {
        foreach (var one in made)
        {
            scores[new Question(one.ItemId, one.PromptHash)] = one.Scores;
        }

        file.Append([.. made.Select(one => WriteLine(one.ItemId, one.PromptHash, one.Scores))]);
    }

    /// <summary>Forces everything to the disk and closes the file.</summary>
    public void Dispose() => file.Dispose();

    /// <summary>What a file holds under a key; for plans.</summary>
    public static HashSet<Question> Questions(string path, string key)
    {
        var found = new HashSet<Question>();
        Read(path, key, (question, _, _) => found.Add(question));
        return found;
    }

    /// <summary>Files of a cell's other measures.</summary>
    public static IEnumerable<string> SiblingsOf(Cell cell, CellEvaluation evaluation)
    {
        string folder = Path.Combine(cell.Folder, "eval");
        return !Directory.Exists(folder)
            ? []
            : Directory.GetDirectories(folder).Where(d => d != evaluation.Folder).Order(StringComparer.Ordinal).Select(d => Path.Combine(d, FileName));
    }

    private string WriteLine(string itemId, string promptHash, IReadOnlyList<ContinuationScore> made) => SealedLines.Seal(new JsonObject
    {
        ["id"] = itemId,
        ["prompt"] = promptHash,
        ["key"] = key,
        ["scores"] = new JsonArray([.. made.Select(s => new JsonArray(double.IsFinite(s.LogProbability) ? s.LogProbability : null, s.TokenCount, s.IsGreedy, s.DroppedTokens))]),
    }.ToJsonString(CanonicalJson.Line));

    private static bool Read(string path, string key, Action<Question, IReadOnlyList<ContinuationScore>, string> take) => SealedLines.Read(path, (body, line) =>
    {
        try
        {
            JsonNode node = JsonNode.Parse(body)!;
            if (node["key"]!.GetValue<string>() == key)
            {
                take(
                    new Question(node["id"]!.GetValue<string>(), node["prompt"]!.GetValue<string>()),
                    [.. node["scores"]!.AsArray().Select(s => new ContinuationScore(s![0]?.GetValue<double>() ?? double.NaN, s[1]!.GetValue<int>(), s[2]!.GetValue<bool>()) { DroppedTokens = s[3]!.GetValue<int>() })],
                    line);
            }

            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException or FormatException or ArgumentOutOfRangeException)
        {
            return false;
        }
    });
}
