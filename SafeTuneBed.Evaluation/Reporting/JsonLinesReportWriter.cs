using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace SafeTuneBed.Reporting;

/// <summary>Writes <c>report.jsonl</c>: the lines of the CSV as one JSON object each, absent values as null.</summary>
internal sealed class JsonLinesReportWriter : IReportWriter
{
    /// <summary>Registered name.</summary>
    public const string Name = "jsonl";

    // The file is data, not part of a page: letters may stay as they are.
    private static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> WriteAsync(GridReport report, string folder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(report);
        var text = new StringBuilder();
        foreach (var record in ReportRecord.All(report))
        {
            text.Append(JsonSerializer.Serialize(new OrderedDictionary<string, object?>(record), Options)).Append('\n');
        }

        return [await ReportFile.WriteAsync(folder, "report.jsonl", text.ToString(), cancellationToken).ConfigureAwait(false)];
    }
}
