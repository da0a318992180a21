using System.Text.Json;
using System.Text.Json.Nodes;

namespace SafeTuneBed.MtBench;

/// <summary>Reference answers by question: two turns each.</summary>
internal sealed class MtBenchReferences
{
    /// <summary>Names of the packs.</summary>
    public const string Original = "original", WithoutWrong = "without-wrong", None = "none";

    // GPT-4's answers to these are wrong (found by FastChat's users).
    private static readonly HashSet<string> Wrong = ["104", "105", "109", "111", "113", "114", "120", "122", "124", "125", "126", "128", "130"];

    private readonly Dictionary<string, string[]> turns;

    private MtBenchReferences(Dictionary<string, string[]> turns) => this.turns = turns;

    /// <summary>Loads a pack.</summary>
    /// <param name="pack">One of the names, or a file.</param>
    /// <param name="originals">GPT-4's answers as items.</param>
    /// <exception cref="ConfigurationException">The file is missing or can't be read.</exception>
    public static MtBenchReferences Load(string pack, IReadOnlyList<PromptItem> originals)
    {
        var turns = new Dictionary<string, string[]>(StringComparer.Ordinal);
        foreach (PromptItem item in pack == None ? [] : originals)
        {
            if (!(pack == WithoutWrong && Wrong.Contains(item.Prompt)))
            {
                turns[item.Prompt] = Texts(JsonNode.Parse(item.Fields["choices"])![0]!["turns"]!);
            }
        }

        foreach (var (id, texts) in IsFile(pack) ? Read(pack) : [])
        {
            turns[id] = texts;
        }

        return new MtBenchReferences(turns);
    }

    /// <summary>Whether a pack is a file's.</summary>
    public static bool IsFile(string pack) => pack is not (Original or WithoutWrong or None);

    /// <summary>The answers to one question, as many as its turns; null where there are none.</summary>
    public IReadOnlyList<string>? Find(string questionId, int count) => turns.GetValueOrDefault(questionId) is { } found && found.Length >= count ? found : null;

    private static string[] Texts(JsonNode list) => [.. list.AsArray().Select(t => t!.GetValue<string>())];

    private static Dictionary<string, string[]> Read(string file)
    {
        if (!File.Exists(file))
        {
            throw new ConfigurationException($"There are no reference answers '{file}'. Use '{Original}', '{WithoutWrong}', '{None}', or name a file of JSON Lines.");
        }

        var read = new Dictionary<string, string[]>(StringComparer.Ordinal);
        int line = 0;
        foreach (string text in File.ReadLines(file))
        {
            line++;
            try
            {
                if (text.Trim().Length > 0 && JsonNode.Parse(text) is { } record)
                {
                    read[record["question_id"]!.ToString()] = Texts(record["turns"] ?? record["choices"]![0]!["turns"]!);
                }
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException)
            {
                throw new DatasetFormatException(file, line, "turns", "a record has question_id and turns, a list of texts.", e);
            }
        }

        return read;
    }
}
