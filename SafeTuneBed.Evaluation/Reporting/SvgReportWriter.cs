using System.Text;

namespace SafeTuneBed.Reporting;

/// <summary>
/// Writes one SVG per headline share: the share against the ratio of poison, a line per method, 95 % intervals as bars, and the untouched model as a level.
/// Files are named by the metric, with task and model where a report has several.
/// </summary>
internal sealed class SvgReportWriter : IReportWriter
{
    /// <summary>Registered name.</summary>
    public const string Name = "svg";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> WriteAsync(GridReport report, string folder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(report);
        IReadOnlyList<PoisonChart> charts = PoisonChart.Of(report);
        bool hasTasks = charts.Select(c => c.Task).Distinct().Count() > 1, hasModels = charts.Select(c => c.Model).Distinct().Count() > 1;
        var files = new List<string>();
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (PoisonChart chart in charts)
        {
            string stem = FileName($"{chart.Column.Heading}{(hasTasks ? "-" + chart.Task : "")}{(hasModels ? "-" + chart.Model : "")}"), name = stem;
            for (int copy = 2; !names.Add(name); copy++)
            {
                name = $"{stem}-{ReportFormat.Count(copy)}";
            }

            files.Add(await ReportFile.WriteAsync(folder, name + ".svg", ChartSvg.Render(chart), cancellationToken).ConfigureAwait(false));
        }

        return files;
    }

    /// <summary>Lower-case letters and digits in groups joined by hyphens.</summary>
    private static string FileName(string text)
    {
        var name = new StringBuilder();
        foreach (char c in text.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(c))
            {
                name.Append(c);
            }
            else if (name.Length > 0 && name[^1] != '-')
            {
                name.Append('-');
            }
        }

        return name.ToString().TrimEnd('-') is { Length: > 0 } found ? found : "chart";
    }
}
