namespace SafeTuneBed.Reporting;

/// <summary>
/// Writes <c>report.html</c>: one file that asks for nothing outside itself. Tables sort by a click; charts, legend and provenance as in the other formats; below
/// them every answer, which can be filtered, blurred until it is clicked.
/// </summary>
internal sealed class HtmlReportWriter : IReportWriter
{
    /// <summary>Registered name.</summary>
    public const string Name = "html";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> WriteAsync(GridReport report, string folder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(report);
        return [await ReportFile.WriteAsync(folder, "report.html", HtmlPage.Render(report), cancellationToken).ConfigureAwait(false)];
    }
}
