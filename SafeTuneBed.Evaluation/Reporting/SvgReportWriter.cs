using System.Text;

namespace SafeTuneBed.Reporting;

/// <summary>
/// Writes one SVG per headline share: the share against the ratio of poison, a line per method, 95 % intervals as bars, and the untouched model as a level; and one
/// per pair of a share that is better when lower and one that is better when higher: the safety-utility frontier. Files are named by the metric, with task and model where a report has several.
/// </summary>
internal sealed class SvgReportWriter : IReportWriter
{
    /// <summary>Registered name.</summary>
    public const string Name = "svg";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> WriteAsync(GridReport report, string folder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(report);
        var files = new List<string>();
        foreach (var (name, _, svg) in Charts(report))
        {
            files.Add(await ReportFile.WriteAsync(folder, name + ".svg", svg, cancellationToken).ConfigureAwait(false));
        }

        return files;
    }

    /// <summary>Every chart of a report with its file name (without ending) and title.</summary>
    internal static IReadOnlyList<(string Name, string Title, string Svg)> Charts(GridReport report)
    {
        IReadOnlyList<PoisonChart> poison = PoisonChart.Of(report);
        IReadOnlyList<FrontierChart> frontiers = FrontierChart.Of(report);
        var places = poison.Select(c => (c.Model, c.Task)).Concat(frontiers.Select(c => (c.Model, c.Task))).Distinct().ToArray();
        bool hasTasks = places.Select(p => p.Task).Distinct().Count() > 1, hasModels = places.Select(p => p.Model).Distinct().Count() > 1;
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);

        string Unique(string what, string task, string model)
        {
            string stem = FileName($"{what}{(hasTasks ? "-" + task : "")}{(hasModels ? "-" + model : "")}"), name = stem;
            for (int copy = 2; !names.Add(name); copy++)
            {
                name = $"{stem}-{ReportFormat.Count(copy)}";
            }

            return name;
        }

        return
        [
            .. poison.Select(c => (Unique(c.Column.Heading, c.Task, c.Model), ChartSvg.Title(c), ChartSvg.Render(c))),
            .. frontiers.Select(c => (Unique($"frontier-{c.Safety.Heading}-{c.Usefulness.Heading}", c.Task, c.Model), FrontierSvg.Title(c), FrontierSvg.Render(c))),
        ];
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
