using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SafeTuneBed.Judges;

/// <summary>
/// What judges were asked and what they answered, on disk: a line before each request, a line when it ends. Verdicts that are on record are not asked for again, and
/// the book of spending is the sum of the lines. Files only grow; a line torn by a kill is left out on reading. Each process writes a file of its own.
/// </summary>
internal sealed class JudgeJournal : IDisposable
{
    private const string Stem = "calls-";
    private static readonly TimeSpan TimePerSync = TimeSpan.FromSeconds(1);
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly string? folder;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly ConcurrentDictionary<string, JudgeReply> replies = new(StringComparer.Ordinal);
    private readonly Dictionary<string, JudgeSpending> spending = new(StringComparer.Ordinal);
    private FileStream? file, held;
    private long lastSync;

    /// <summary>Opens the journal of a folder.</summary>
    /// <param name="folder">The folder; null keeps everything in memory alone.</param>
    /// <param name="time">The clock.</param>
    public JudgeJournal(string? folder, TimeProvider time)
    {
        (this.folder, this.time) = (folder, time);
        foreach (Line line in ReadLines(folder))
        {
            Take(line);
        }
    }

    /// <summary>Where the journal of a run folder lies.</summary>
    public static string FolderBelow(string runFolder) => Path.Combine(runFolder, "judges");

    /// <summary>The book of a folder, judge by judge.</summary>
    public static IReadOnlyList<JudgeSpending> ReadSpending(string folder)
    {
        var book = new Dictionary<string, JudgeSpending>(StringComparer.Ordinal);
        foreach (Line line in ReadLines(folder))
        {
            Count(book, line);
        }

        return [.. book.Values.OrderBy(s => s.Judge, StringComparer.Ordinal)];
    }

    /// <summary>The reply on record, or null.</summary>
    public JudgeReply? Find(string key) => replies.GetValueOrDefault(key);

    /// <summary>What a judge was asked so far.</summary>
    public JudgeSpending SpendingOf(string judge)
    {
        lock (gate)
        {
            return spending.GetValueOrDefault(judge) ?? Nothing(judge);
        }
    }

    /// <summary>Before a request is sent.</summary>
    public void Ask(string judge, string key) => Write(new Line { Kind = LineKind.Ask, Judge = judge, Key = key });

    /// <summary>When it was answered.</summary>
    public void Answer(string judge, string key, JudgeReply reply) => Write(new Line
    {
        Kind = LineKind.Answer,
        Judge = judge,
        Key = key,
        Refused = reply.Outcome == JudgeOutcome.Refused ? true : null,
        Text = reply.Text,
        Model = reply.Model,
        Sent = reply.PromptTokens,
        Received = reply.CompletionTokens,
        Cost = reply.Cost,
    });

    /// <summary>When it failed.</summary>
    public void Fail(string judge, string key, string fault) => Write(new Line { Kind = LineKind.Fail, Judge = judge, Key = key, Fault = fault });

    /// <summary>Forces everything to the disk and closes the file.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            file?.Flush(flushToDisk: true);
            file?.Dispose();
            held?.Dispose();
            (file, held) = (null, null);
        }
    }

    private void Write(Line line)
    {
        line = line with { At = time.GetUtcNow() };
        lock (gate)
        {
            if (folder is not null)
            {
                file ??= Open();
                file.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(line, Format) + "\n"));
                if (time.GetElapsedTime(lastSync) >= TimePerSync)
                {
                    file.Flush(flushToDisk: true);
                    lastSync = time.GetTimestamp();
                }
            }

            Take(line);
        }
    }

    // The first file that no living process holds. Behind a torn line a new one begins.
    private FileStream Open()
    {
        Directory.CreateDirectory(folder!);
        for (int i = 0; ; i++)
        {
            string path = Path.Combine(folder!, FormattableString.Invariant($"{Stem}{i}.jsonl"));
            try
            {
                held = new FileStream(Path.ChangeExtension(path, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (i < 10_000)
            {
                continue;
            }

            var opened = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
            bool torn = opened.Length > 0 && opened.Seek(-1, SeekOrigin.End) >= 0 && opened.ReadByte() != '\n';
            opened.Seek(0, SeekOrigin.End);
            if (torn)
            {
                opened.Write("\n"u8);
            }

            return opened;
        }
    }

    private void Take(Line line)
    {
        Count(spending, line);
        if (line.Kind == LineKind.Answer)
        {
            replies[line.Key] = new JudgeReply
            {
                Outcome = line.Refused == true ? JudgeOutcome.Refused : JudgeOutcome.Answered,
                Text = line.Text ?? "",
                Model = line.Model,
                PromptTokens = line.Sent ?? 0,
                CompletionTokens = line.Received ?? 0,
                Cost = line.Cost,
                Fault = line.Refused == true ? "declined" : null,
            };
        }
    }

    private static void Count(Dictionary<string, JudgeSpending> book, Line line)
    {
        JudgeSpending sum = book.GetValueOrDefault(line.Judge) ?? Nothing(line.Judge);
        book[line.Judge] = line.Kind switch
        {
            LineKind.Ask => sum with { Calls = sum.Calls + 1 },
            LineKind.Fail => sum with { Failed = sum.Failed + 1 },
            _ => sum with
            {
                Answered = sum.Answered + 1,
                PromptTokens = sum.PromptTokens + (line.Sent ?? 0),
                CompletionTokens = sum.CompletionTokens + (line.Received ?? 0),
                Cost = line.Cost is null ? sum.Cost : (sum.Cost ?? 0) + line.Cost,
            },
        };
    }

    private static JudgeSpending Nothing(string judge) => new(judge, 0, 0, 0, 0, 0, null);

    private static IEnumerable<Line> ReadLines(string? folder)
    {
        if (folder is null || !Directory.Exists(folder))
        {
            yield break;
        }

        foreach (string path in Directory.GetFiles(folder, Stem + "*.jsonl").Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite), Encoding.UTF8);
            while (reader.ReadLine() is { } text)
            {
                if (Parse(text) is { } line)
                {
                    yield return line;
                }
            }
        }
    }

    private static Line? Parse(string text)
    {
        try
        {
            return text.Length == 0 ? null : JsonSerializer.Deserialize<Line>(text, Format);
        }
        catch (JsonException)
        {
            return null; // torn by a kill
        }
    }

    [JsonConverter(typeof(JsonStringEnumConverter<LineKind>))]
    private enum LineKind
    {
        Ask,
        Answer,
        Fail,
    }

    private sealed record Line
    {
        public required LineKind Kind { get; init; }

        public required string Judge { get; init; }

        public required string Key { get; init; }

        public DateTimeOffset? At { get; init; }

        public bool? Refused { get; init; }

        public string? Text { get; init; }

        public string? Model { get; init; }

        public long? Sent { get; init; }

        public long? Received { get; init; }

        public decimal? Cost { get; init; }

        public string? Fault { get; init; }
    }
}
