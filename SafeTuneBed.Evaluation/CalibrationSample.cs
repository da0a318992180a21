using SafeTuneBed.HumanRatings;
using SafeTuneBed.Reporting;

namespace SafeTuneBed;

/// <summary>Answers for people to rate, and the key that says whose they are.</summary>
public sealed class CalibrationSample
{
    private readonly CalibrationKey key;
    private readonly IReadOnlyList<CalibrationItem> items;

    internal CalibrationSample(CalibrationKey key, IReadOnlyList<CalibrationItem> items) => (this.key, this.items) = (key, items);

    /// <summary>Answers drawn.</summary>
    public int Count => items.Count;

    /// <summary>The scorers that people will be compared with.</summary>
    public IReadOnlyList<string> Scorers => [.. key.Scorers.Select(s => s.Key)];

    /// <summary>
    /// Writes the sheet for the raters (CSV, UTF-8: an id that says nothing, request, answer, and empty columns for rating and remark; in random order) and the key (JSON), which
    /// raters must not see. <b>Requests and answers may be harmful text</b>: give the sheet to people who agreed to read such. Cells that a spreadsheet would take for a formula
    /// begin with an apostrophe. For several raters copy the sheet.
    /// </summary>
    /// <param name="sheet">Path of the sheet; must not exist, since it may hold ratings.</param>
    /// <param name="keyFile">Path of the key; must not exist.</param>
    /// <param name="cancellationToken">Stops writing.</param>
    /// <exception cref="ConfigurationException">A file exists, or both are the same.</exception>
    public async Task WriteAsync(string sheet, string keyFile, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sheet);
        ArgumentException.ThrowIfNullOrWhiteSpace(keyFile);
        if (Path.GetFullPath(sheet) == Path.GetFullPath(keyFile))
        {
            throw new ConfigurationException($"Sheet and key are both {sheet}. Keep the key in a file of its own, where raters don't see it.");
        }

        if (new[] { sheet, keyFile }.FirstOrDefault(File.Exists) is { } existing)
        {
            throw new ConfigurationException($"{existing} exists, and may hold ratings or belong to a sheet that is being rated. Choose another name.");
        }

        await PutAsync(keyFile, key.ToJson(), cancellationToken).ConfigureAwait(false);
        await PutAsync(sheet, CalibrationSheet.Render(key.Scorers[0], items), cancellationToken).ConfigureAwait(false);
    }

    private static async Task PutAsync(string path, string text, CancellationToken cancellationToken)
    {
        string full = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        await ReportFile.WriteAsync(Path.GetDirectoryName(full)!, Path.GetFileName(full), text, cancellationToken).ConfigureAwait(false);
    }
}
