using System.Text;
using System.Text.Json;

namespace SafeTuneBed.FaultyJudge;

/// <summary>One request as the judge saw it.</summary>
/// <param name="Number">Its number, from 1, over everything that was asked.</param>
/// <param name="Key">Which question: a hash of all messages.</param>
/// <param name="Attempt">How often this question was asked, this time included.</param>
/// <param name="Deed">What was done about it.</param>
public sealed record Call(int Number, string Key, int Attempt, Deed Deed)
{
    /// <summary>Whether a provider would charge for it as an answer.</summary>
    public bool IsAnswered => Deed is Deed.Verdict or Deed.Refusal or Deed.Nonsense;
}

/// <summary>The judge's own count, a line a request, written before anything is sent back. A file that is there goes on.</summary>
public sealed class CallLog : IDisposable
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter() } };

    private readonly Lock gate = new();
    private readonly Dictionary<string, int> attempts = new(StringComparer.Ordinal);
    private readonly StreamWriter? writer;
    private int calls;

    public CallLog(string? path)
    {
        if (path is null)
        {
            return;
        }

        foreach (Call before in Read(path))
        {
            (calls, attempts[before.Key]) = (before.Number, before.Attempt);
        }

        writer = new StreamWriter(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite), new UTF8Encoding(false)) { AutoFlush = true };
    }

    /// <summary>What is on record in a file; empty where there is none.</summary>
    public static IReadOnlyList<Call> Read(string path)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        string text = reader.ReadToEnd();
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonSerializer.Deserialize<Call>(l, Format)!)];
    }

    /// <summary>Counts a request.</summary>
    public Call Add(string key, Func<int, Deed> decide)
    {
        lock (gate)
        {
            int attempt = attempts[key] = attempts.GetValueOrDefault(key) + 1;
            var call = new Call(++calls, key, attempt, decide(attempt));
            writer?.Write(JsonSerializer.Serialize(call, Format) + "\n");
            return call;
        }
    }

    public void Dispose() => writer?.Dispose();
}
