using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SafeTuneBed.Training;

namespace SafeTuneBed.Running;

/// <summary>
/// One JSON line for each optimizer step. Written in the folder of the unfinished training and put in its place when that is complete. A line that the disk won't
/// take waits in memory: training does not stop for its log, only finishing does.
/// </summary>
internal sealed class TrainLog : ICheckpointLog, IDisposable
{
    private readonly string unfinished;
    private readonly string final;
    private readonly FileStream file;
    private readonly MemoryStream waiting = new();
    private readonly SortedDictionary<string, (double First, double Last)> byRole = new(StringComparer.Ordinal);
    private long written;
    private bool begun;

    /// <param name="unfinished">Where it is written; what is there already stays until the first line or cut.</param>
    /// <param name="final">Where it belongs.</param>
    public TrainLog(string unfinished, string final)
    {
        (this.unfinished, this.final) = (unfinished, final);
        Directory.CreateDirectory(Path.GetDirectoryName(unfinished)!);
        file = new FileStream(unfinished, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
    }

    /// <summary>The last step's number and loss; 0 and null before the first.</summary>
    public (int Step, double? Loss) Last { get; private set; }

    /// <summary>The loss of the first step that this process made; null where it was not finite.</summary>
    public double? First { get; private set; }

    /// <summary>
    /// The first and last loss of each role, by the role's name in the log: means over the supervised tokens of the first and the last step that had such rows.
    /// </summary>
    public IReadOnlyDictionary<string, (double First, double Last)> ByRole => byRole;

    /// <summary>Steps whose gradients were not finite, so that the optimizer left them out.</summary>
    public int Skipped { get; private set; }

    public void Write(TrainingProgress step)
    {
        if (!begun)
        {
            TryCut(0);
        }

        First ??= step.Step == 1 && double.IsFinite(step.Loss) ? step.Loss : null;
        Last = (step.Step, double.IsFinite(step.Loss) ? step.Loss : null);
        Skipped += double.IsFinite(step.GradientNorm) ? 0 : 1;
        foreach ((ExampleRole role, double loss) in step.LossByRole.Where(r => double.IsFinite(r.Value)))
        {
            Count(NameOf(role), loss);
        }

        waiting.Write(Encoding.UTF8.GetBytes(Line(step).ToJsonString(CanonicalJson.Line) + "\n"));
        try
        {
            Drain();
        }
        catch (IOException)
        {
            // a full disk: tried again with the next line
        }
    }

    public long Flush()
    {
        Drain();
        file.Flush(flushToDisk: true);
        return written;
    }

    public bool TryCut(long length)
    {
        if (length > file.Length)
        {
            return false;
        }

        begun = true;
        file.SetLength(length);
        waiting.SetLength(0);
        written = length;
        ReadBack();
        return true;
    }

    /// <summary>Puts the whole log in its place.</summary>
    public void Complete()
    {
        if (!begun)
        {
            TryCut(0);
        }

        Flush();
        file.Dispose();
        File.Move(unfinished, final, overwrite: true);
    }

    public void Dispose()
    {
        file.Dispose();
        waiting.Dispose();
    }

    private void Drain()
    {
        if (waiting.Length == 0)
        {
            return;
        }

        file.Position = written; // over what a failed attempt left
        file.Write(waiting.GetBuffer(), 0, (int)waiting.Length);
        written += waiting.Length;
        waiting.SetLength(0);
    }

    // What an earlier attempt wrote and this one goes on from.
    private void ReadBack()
    {
        (Last, Skipped) = (default, 0);
        byRole.Clear();
        file.Position = 0;
        using var reader = new StreamReader(file, Encoding.UTF8, leaveOpen: true);
        while (reader.ReadLine() is { } text)
        {
            if (JsonNode.Parse(text) is JsonObject line && line["step"] is JsonValue step)
            {
                Last = (step.GetValue<int>(), IsNumber(line["loss"], out double loss) ? loss : null);
                Skipped += IsNumber(line["gradientNorm"], out _) ? 0 : 1;
                foreach ((string role, JsonNode? value) in line["lossByRole"] as JsonObject ?? [])
                {
                    if (IsNumber(value, out double ofRole))
                    {
                        Count(role, ofRole);
                    }
                }
            }
        }
    }

    private void Count(string role, double loss) => byRole[role] = (byRole.TryGetValue(role, out var known) ? known.First : loss, loss);

    private static string NameOf(ExampleRole role) => JsonNamingPolicy.KebabCaseLower.ConvertName(role.ToString());

    private static bool IsNumber(JsonNode? node, out double value)
    {
        value = 0;
        return node is JsonValue number && number.TryGetValue(out value);
    }

    private static JsonObject Line(TrainingProgress step)
    {
        var line = new JsonObject
        {
            ["step"] = step.Step,
            ["loss"] = Number(step.Loss),
            ["learningRate"] = Number(step.LearningRate),
            ["gradientNorm"] = Number(step.GradientNorm),
            ["supervisedTokens"] = step.SupervisedTokens,
        };
        if (step.LossByRole.Count > 0)
        {
            line["lossByRole"] = new JsonObject(step.LossByRole.OrderBy(r => r.Key)
                .Select(r => KeyValuePair.Create(NameOf(r.Key), Number(r.Value))));
        }

        if (step.Logged.Count > 0)
        {
            line["logged"] = new JsonObject(step.Logged.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => KeyValuePair.Create(r.Key, Number(r.Value))));
        }

        return line;
    }

    // JSON knows no NaN: a diverged run is logged in words rather than not at all.
    private static JsonNode? Number(double value) =>
        double.IsFinite(value) ? JsonValue.Create(value) : JsonValue.Create(value.ToString(System.Globalization.CultureInfo.InvariantCulture));
}
