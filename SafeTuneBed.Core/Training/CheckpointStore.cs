using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace SafeTuneBed.Training;

/// <summary>
/// One file that holds the state of an unfinished run. It is written beside and renamed, so it is either the last or the one before; it is read only when it is of the
/// very same run. That it can't be written is no reason to stop: the run goes on, and tries again after the next interval.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="fingerprint">The run's full fingerprint.</param>
/// <param name="numericsVersion">The engine's numerics.</param>
/// <param name="policy">How often.</param>
/// <param name="time">The clock.</param>
internal sealed class CheckpointStore(string path, string fingerprint, int numericsVersion, CheckpointPolicy policy, TimeProvider time)
{
    private const string Format = "safetunebed-checkpoint-1";
    private const double LongestShare = 0.05;

    private readonly List<int> resumes = [];
    private long since = time.GetTimestamp();
    private TimeSpan cost;
    private int saved;
    private bool begun;

    /// <summary>The run's log; null where there is none.</summary>
    public ICheckpointLog? Log { get; init; }

    /// <summary>Hears that a checkpoint could not be written or read, and why.</summary>
    public Action<string, Exception> Warn { get; init; } = (_, _) => { };

    /// <summary>Hears at which step a run goes on.</summary>
    public Action<int> Resumed { get; init; } = _ => { };

    /// <summary>The steps at which this run went on after a stop, oldest first.</summary>
    public IReadOnlyList<int> Resumes => resumes;

    /// <summary>Whether a checkpoint is on disk.</summary>
    public bool Exists => File.Exists(path);

    /// <summary>Brings the run to where its checkpoint was written. False, and nothing changed, when there is none of this run.</summary>
    public bool TryRestore(LoopState state)
    {
        bool isFirst = !begun;
        begun = true;
        (since, saved) = (time.GetTimestamp(), 0);
        RemoveHalfWritten();
        if (Exists && Restore(state))
        {
            saved = state.Step;
            resumes.Add(state.Step);
            Resumed(state.Step);
            return true;
        }

        if (isFirst)
        {
            Log?.TryCut(0);
        }

        return false;
    }

    /// <summary>Saves when it is time to.</summary>
    public void SaveIfDue(LoopState state)
    {
        TimeSpan elapsed = time.GetElapsedTime(since);
        if ((policy.Steps is { } steps && state.Step - saved >= steps) || (elapsed >= policy.Every && elapsed * LongestShare >= cost))
        {
            Save(state);
        }
    }

    /// <summary>Saves now, if anything happened since the last time.</summary>
    public void Save(LoopState state)
    {
        if (state.Step == saved)
        {
            return;
        }

        long start = time.GetTimestamp();
        try
        {
            var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
            JsonObject run = state.Capture(tensors);
            var content = new JsonObject
            {
                ["run"] = run,
                ["log"] = Log?.Flush() ?? 0,
                ["resumes"] = new JsonArray([.. resumes.Select(r => (JsonNode)r)]),
            };
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            SafetensorsFile.Write(path, tensors, new Dictionary<string, string>
            {
                ["format"] = Format,
                ["fingerprint"] = fingerprint,
                ["numerics"] = numericsVersion.ToString(CultureInfo.InvariantCulture),
                ["content"] = content.ToJsonString(),
            });
            saved = state.Step;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Warn(string.Create(CultureInfo.InvariantCulture, $"The checkpoint of step {state.Step} could not be written to {path}; the training goes on."), e);
        }

        since = time.GetTimestamp();
        cost = time.GetElapsedTime(start);
    }

    private bool Restore(LoopState state)
    {
        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            if (Read(file) is not { } content || content["run"] is not JsonObject run || Log?.TryCut(content["log"]?.GetValue<long>() ?? 0) == false || !state.TryRestore(run, file))
            {
                return false;
            }

            resumes.AddRange((content["resumes"] as JsonArray ?? []).Select(n => n!.GetValue<int>()));
            return true;
        }
        catch (Exception e) when (e is ModelFormatException or JsonException or FormatException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            Warn($"The checkpoint {path} can't be read; the training starts anew.", e);
            return false;
        }
    }

    private JsonObject? Read(SafetensorsFile file)
    {
        IReadOnlyDictionary<string, string> metadata = file.Metadata;
        bool ours = metadata.GetValueOrDefault("format") == Format
            && metadata.GetValueOrDefault("fingerprint") == fingerprint
            && metadata.GetValueOrDefault("numerics") == numericsVersion.ToString(CultureInfo.InvariantCulture);
        return ours && metadata.TryGetValue("content", out string? content) ? JsonNode.Parse(content) as JsonObject : null;
    }

    // What a killed process was writing.
    private void RemoveHalfWritten()
    {
        string folder = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (string rest in Directory.GetFiles(folder, Path.GetFileName(path) + ".*.partial"))
        {
            File.Delete(rest);
        }
    }
}
