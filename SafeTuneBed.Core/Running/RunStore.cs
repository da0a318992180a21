using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using SafeTuneBed.Data;

namespace SafeTuneBed.Running;

/// <summary>
/// Where runs lie and when they count as done:
/// <c>runs/&lt;grid&gt;/&lt;model&gt;/&lt;method&gt;/&lt;dataset&gt;/seed-&lt;n&gt;-&lt;hash8&gt;/</c>. A record counts only with its full hash; what it describes must be as it was written.
/// </summary>
internal sealed class RunStore(string root, string gridName)
{
    // Artifacts up to this size are hashed whenever they are looked at; larger ones are told apart by their length.
    private const long HashedArtifactBytes = 64L << 20;

    /// <summary>Where locks lie, below the grid's folder; gone when nothing runs.</summary>
    public const string LockFolder = ".locks";

    public string GridFolder { get; } = Path.GetFullPath(Path.Combine(root, SafeName.Of(gridName)));

    public string ReportFolder => Path.Combine(GridFolder, "report");

    public string CellFolder(string model, string method, string dataset, ulong seed, string fingerprint) => Path.Combine(
        GridFolder, SafeName.Of(model), SafeName.Of(method), SafeName.Of(dataset), string.Create(CultureInfo.InvariantCulture, $"seed-{seed}-{fingerprint[..8]}"));

    /// <summary>Where the data set's name stands in the path of an alignment stage, which belongs to none: its rows are the defender's.</summary>
    public const string AlignmentFolder = "alignment";

    public static string EvaluationFolder(string cellFolder, string entry, string fingerprint) =>
        Path.Combine(cellFolder, "eval", $"{SafeName.Of(entry)}-{fingerprint[..8]}");

    public string ReportLockPath => Path.Combine(GridFolder, LockFolder, "report");

    public string LockPath(Cell cell) => Path.Combine(GridFolder, LockFolder, CanonicalJson.Hash(Path.GetRelativePath(GridFolder, cell.Folder))[..32]);

    /// <summary>The record of a finished training with this full fingerprint and an unharmed artifact; null otherwise.</summary>
    public static JsonObject? FindTraining(Cell cell)
    {
        if (ReadRecord(cell.RecordPath) is not { } record || !HasFingerprint(record, cell.Fingerprint))
        {
            return null;
        }

        return cell.External is not null || HasFiles(cell.ArtifactFolder, record["artifact"] as JsonArray) ? record : null;
    }

    /// <summary>Names, lengths and hashes of an artifact's files.</summary>
    public static JsonArray DescribeFiles(string folder) => new([.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
        .OrderBy(f => f, StringComparer.Ordinal)
        .Select(f => new JsonObject
        {
            ["path"] = Path.GetRelativePath(folder, f).Replace('\\', '/'),
            ["bytes"] = new FileInfo(f).Length,
            ["sha256"] = FileDigest.Read(f),
        })]);

    /// <summary>Whether an evaluation is finished: full fingerprint, and the files behind its numbers unharmed.</summary>
    public static bool IsEvaluated(CellEvaluation evaluation, string folder)
    {
        if (ReadRecord(Path.Combine(folder, "metrics.json")) is not { } record || !HasFingerprint(record, evaluation.Fingerprint))
        {
            return false;
        }

        return Matches(folder, "scores.jsonl", record["scoresSha256"], required: true) && Matches(folder, "generations.jsonl", record["generationsSha256"], required: false)
            && Matches(folder, LikelihoodStore.FileName, record["likelihoodsSha256"], required: false);
    }

    /// <summary>Reads a record; null when it is missing or not JSON.</summary>
    public static JsonObject? ReadRecord(string path)
    {
        try
        {
            return File.Exists(path) ? JsonNode.Parse(File.ReadAllText(path)) as JsonObject : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool HasFingerprint(JsonObject record, string fingerprint) =>
        record["fingerprint"] is JsonValue value && value.TryGetValue(out string? text) && text == fingerprint;

    private static bool Matches(string folder, string file, JsonNode? hash, bool required)
    {
        if (hash is not JsonValue value || !value.TryGetValue(out string? expected))
        {
            return !required;
        }

        string path = Path.Combine(folder, file);
        return File.Exists(path) && FileDigest.Read(path) == expected;
    }

    private static bool HasFiles(string folder, JsonArray? files)
    {
        if (files is null || !Directory.Exists(folder))
        {
            return false;
        }

        foreach (JsonNode? file in files)
        {
            if (file?["path"]?.GetValue<string>() is not { } name || file["bytes"]?.GetValue<long>() is not { } bytes)
            {
                return false;
            }

            var info = new FileInfo(Path.Combine(folder, name));
            if (!info.Exists || info.Length != bytes || (bytes <= HashedArtifactBytes && FileDigest.Read(info.FullName) != file["sha256"]?.GetValue<string>()))
            {
                return false;
            }
        }

        return true;
    }
}
