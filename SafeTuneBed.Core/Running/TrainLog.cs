using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SafeTuneBed.Running;

/// <summary>One JSON line for each optimizer step. Written beside under another name and renamed when the training is complete.</summary>
internal sealed class TrainLog : IDisposable
{
    private readonly string path;
    private readonly FileStream file;

    public TrainLog(string path)
    {
        this.path = path;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        file = new FileStream(path + DurableFile.Unfinished, FileMode.Create, FileAccess.Write, FileShare.Read);
    }

    /// <summary>The last step's figures.</summary>
    public TrainingProgress? Last { get; private set; }

    /// <summary>Steps whose gradients were not finite, so that the optimizer left them out.</summary>
    public int Skipped { get; private set; }

    public void Write(TrainingProgress step)
    {
        Last = step;
        Skipped += double.IsFinite(step.GradientNorm) ? 0 : 1;
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
                .Select(r => KeyValuePair.Create(JsonNamingPolicy.KebabCaseLower.ConvertName(r.Key.ToString()), Number(r.Value))));
        }

        if (step.Logged.Count > 0)
        {
            line["logged"] = new JsonObject(step.Logged.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => KeyValuePair.Create(r.Key, Number(r.Value))));
        }

        file.Write(Encoding.UTF8.GetBytes(line.ToJsonString(CanonicalJson.Line) + "\n"));
    }

    /// <summary>Puts the whole log in its place.</summary>
    public void Complete()
    {
        file.Flush(flushToDisk: true);
        file.Dispose();
        File.Move(path + DurableFile.Unfinished, path, overwrite: true);
    }

    public void Dispose()
    {
        file.Dispose();
        File.Delete(path + DurableFile.Unfinished);
    }

    // JSON knows no NaN: a diverged run is logged in words rather than not at all.
    private static JsonNode? Number(double value) =>
        double.IsFinite(value) ? JsonValue.Create(value) : JsonValue.Create(value.ToString(System.Globalization.CultureInfo.InvariantCulture));
}
