using System.Globalization;
using CsvHelper;

namespace SafeTuneBed.Reporting;

/// <summary>
/// Writes <c>report.csv</c>: one line per row and metric, shares as fractions in full precision; and <c>report-groups.csv</c> where numbers are known for parts of the items.
/// </summary>
internal sealed class CsvReportWriter : IReportWriter
{
    /// <summary>Registered name.</summary>
    public const string Name = "csv";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> WriteAsync(GridReport report, string folder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(report);
        List<string> files = [await ReportFile.WriteAsync(folder, "report.csv", Render(ReportRecord.Names, ReportRecord.All(report)), cancellationToken).ConfigureAwait(false)];
        if (report.Rows.Any(r => r.Metrics.Any(m => m.Groups.Count > 0)))
        {
            files.Add(await ReportFile.WriteAsync(folder, "report-groups.csv", Render(GroupRecord.Names, GroupRecord.All(report)), cancellationToken).ConfigureAwait(false));
        }

        return files;
    }

    private static string Render(IReadOnlyList<string> names, IEnumerable<IReadOnlyList<KeyValuePair<string, object?>>> records)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        using (CsvWriter csv = CsvWriter.Create(text, CsvWriterOptions.Default with { NewLine = "\n" }, leaveOpen: true))
        {
            csv.WriteRecord([.. names]);
            foreach (var record in records)
            {
                csv.WriteRecord([.. record.Select(field => Format(field.Value))]);
            }
        }

        return text.ToString();
    }

    /// <summary>Records as text; numbers in full precision.</summary>
    internal static string Render(IReadOnlyList<string> names, IEnumerable<IReadOnlyList<object?>> records) =>
        Render(names, records.Select(r => (IReadOnlyList<KeyValuePair<string, object?>>)[.. names.Zip(r, KeyValuePair.Create)]));

    private static string Format(object? value) => value switch
    {
        null => "",
        bool flag => flag ? "true" : "false",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        IReadOnlyDictionary<string, string> map => string.Join(" | ", map.Select(entry => $"{entry.Key}={entry.Value}")),
        _ => (string)value,
    };
}
