using System.Globalization;
using CsvHelper;

namespace SafeTuneBed.Reporting;

/// <summary>Writes <c>report.csv</c>: one line per row and metric, shares as fractions in full precision.</summary>
internal sealed class CsvReportWriter : IReportWriter
{
    /// <summary>Registered name.</summary>
    public const string Name = "csv";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> WriteAsync(GridReport report, string folder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(report);
        return [await ReportFile.WriteAsync(folder, "report.csv", Render(report), cancellationToken).ConfigureAwait(false)];
    }

    private static string Render(GridReport report)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        using (CsvWriter csv = CsvWriter.Create(text, CsvWriterOptions.Default with { NewLine = "\n" }, leaveOpen: true))
        {
            csv.WriteRecord([.. ReportRecord.Names]);
            foreach (var record in ReportRecord.All(report))
            {
                csv.WriteRecord([.. record.Select(field => Format(field.Value))]);
            }
        }

        return text.ToString();
    }

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
