using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SafeTuneBed.Running;

/// <summary>
/// What lies in a report folder and which report made it. Files of another report must not stand beside those of this one: a reader would take an old chart
/// for a new one. Known by a small list that is written last.
/// </summary>
internal sealed record ReportFolder(string Identity, IReadOnlyDictionary<string, IReadOnlyList<string>> Files, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Settings)
{
    /// <summary>The list's name.</summary>
    public const string ListName = "report.files.json";

    /// <summary>What an earlier report left; null where there is none or its list can't be read.</summary>
    public static ReportFolder? Read(string folder)
    {
        try
        {
            return RunStore.ReadRecord(Path.Combine(folder, ListName)) is { } list
                ? new ReportFolder(
                    list["identity"]!.GetValue<string>(),
                    list["files"].Deserialize<Dictionary<string, IReadOnlyList<string>>>()!,
                    list["settings"].Deserialize<Dictionary<string, IReadOnlyDictionary<string, string>>>()!)
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException)
        {
            return null;
        }
    }

    /// <summary>Writes every format, then removes what the earlier report left.</summary>
    /// <param name="report">The report.</param>
    /// <param name="writers">The registered formats.</param>
    /// <param name="formats">Those to write.</param>
    /// <param name="folder">Where; made when missing.</param>
    /// <param name="before">What was there before.</param>
    /// <exception cref="ReportFailedException">At least one format failed. The others are written.</exception>
    public static async Task<IReadOnlyList<string>> WriteAsync(
        GridReport report, IReadOnlyDictionary<string, IReportWriter> writers, IReadOnlyList<string> formats, string folder, ReportFolder? before)
    {
        string identity = IdentityOf(report);
        GridReport told = report.WithNotes(before is null ? [] : Changes(before, report));
        var files = new List<string>();
        var failures = new List<ReportFailure>();
        var listed = new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var (format, names) in before?.Identity == identity ? before.Files : new Dictionary<string, IReadOnlyList<string>>())
        {
            listed[format] = [.. names.Where(n => File.Exists(Path.Combine(folder, n)))];
        }

        foreach (string format in formats)
        {
            try
            {
                Directory.CreateDirectory(folder);
                IReadOnlyList<string> written = await writers[format].WriteAsync(told, folder, CancellationToken.None).ConfigureAwait(false);
                files.AddRange(written);
                listed[format] = [.. written.Select(f => Path.GetRelativePath(folder, f).Replace('\\', '/'))];
            }
            catch (Exception e)
            {
                // Whatever a writer does wrong, it costs its own format alone.
                failures.Add(new ReportFailure(format, e));
            }
        }

        try
        {
            RemoveStale(folder, before, [.. listed.Values.SelectMany(f => f)]);
            DurableFile.WriteJson(Path.Combine(folder, ListName), new JsonObject
            {
                ["format"] = 1,
                ["report"] = report.Name,
                ["identity"] = identity,
                ["files"] = JsonSerializer.SerializeToNode(listed),
                ["settings"] = JsonSerializer.SerializeToNode(report.Rows.ToDictionary(Place, r => r.Settings)),
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            failures.Add(new ReportFailure(ListName, e));
        }

        return failures.Count == 0 ? files : throw new ReportFailedException(report.Name, failures, files);
    }

    private static void RemoveStale(string folder, ReportFolder? before, HashSet<string> current)
    {
        foreach (string name in (before?.Files.Values.SelectMany(f => f) ?? []).Where(f => !current.Contains(f)))
        {
            // The list is a file that anybody can edit: it names nothing outside the folder.
            string path = Path.GetFullPath(Path.Combine(folder, name));
            if (path.StartsWith(Path.GetFullPath(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            {
                File.Delete(path);
            }
        }
    }

    /// <summary>Rows of the same name that were made with other settings in the report that is replaced.</summary>
    private static IEnumerable<string> Changes(ReportFolder before, GridReport report)
    {
        foreach (ReportRow row in report.Rows)
        {
            if (!before.Settings.TryGetValue(Place(row), out IReadOnlyDictionary<string, string>? old))
            {
                continue;
            }

            string[] changed =
            [
                .. old.Keys.Union(row.Settings.Keys).Where(k => IsSetting(k) && old.GetValueOrDefault(k) != row.Settings.GetValueOrDefault(k))
                    .Select(k => $"{k} was {old.GetValueOrDefault(k) ?? "not set"} and is {row.Settings.GetValueOrDefault(k) ?? "not set"}"),
            ];
            if (changed.Length > 0)
            {
                yield return $"This report replaced one in which '{row.Method}' on '{row.Dataset}' was made otherwise: {string.Join("; ", changed)}. The earlier runs are still on disk.";
            }
        }
    }

    // What follows from the seeds and the settings is no setting.
    private static bool IsSetting(string key) => key is not (RowSettings.Runs or RowSettings.Data or RowSettings.SkippedSteps or RowSettings.Version);

    private static string Place(ReportRow row) => $"{row.Model} / {row.Method} / {row.Dataset}";

    private static string IdentityOf(GridReport report) => CanonicalJson.Hash(new JsonArray([.. report.Rows.Select(r => new JsonArray(
        Place(r),
        string.Join(' ', r.Seeds.Select(s => s.ToString(CultureInfo.InvariantCulture))),
        JsonSerializer.SerializeToNode(r.Settings),
        new JsonArray([.. r.Metrics.Select(m => new JsonArray(m.Key, m.DefinitionVersion, m.Value, m.Count))])))]));
}
