using SafeTuneBed.Running;

namespace SafeTuneBed;

/// <summary>What a grid found: rows with uncertainty, the scores behind them, and writers for every registered format.</summary>
public sealed class GridReport
{
    private readonly IMetricAggregator aggregator;
    private readonly IReadOnlyDictionary<string, IReportWriter> writers;
    private readonly IReadOnlyDictionary<MetricPlace, MetricScores> scores;

    internal GridReport(
        string name,
        IReadOnlyList<ReportRow> rows,
        IReadOnlyDictionary<MetricPlace, MetricScores> scores,
        IMetricAggregator aggregator,
        IReadOnlyDictionary<string, IReportWriter> writers)
    {
        (Name, Rows, this.scores, this.aggregator, this.writers) = (name, rows, scores, aggregator, writers);
    }

    /// <summary>The grid's name.</summary>
    public string Name { get; }

    /// <summary>The method against which rows are compared; null when the grid names none.</summary>
    public string? Baseline { get; init; }

    /// <summary>Rows in the order of the grid.</summary>
    public IReadOnlyList<ReportRow> Rows { get; }

    /// <summary>Cells that ran, were reused, or failed, in words; for the foot of a report.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Reads the answers behind a row; null where a report has none.</summary>
    internal Func<ReportRow, IReadOnlyList<ReportSample>>? SampleSource { get; init; }

    /// <summary>The canonical form of a method's name; null where it has none.</summary>
    internal Func<string, string?> Canonical { get; init; } = _ => null;

    /// <summary>The row of a method on a data set. A pipeline may be named in any form: <c>safe-lora</c> finds the row <c>lora+safe-lora</c>.</summary>
    /// <exception cref="ConfigurationException">The report has no such row.</exception>
    public ReportRow Row(string method, string dataset, string? model = null) =>
        Find(method, dataset, model) ?? (Canonical(method) is { } name ? Find(name, dataset, model) : null)
        ?? throw new ConfigurationException($"The report '{Name}' has no row of method '{method}' on data set '{dataset}'. It has: {string.Join(", ", Rows.Select(r => $"{r.Method} on {r.Dataset}"))}.");

    /// <summary>
    /// Compares two rows on one metric, item by item, over the seeds for which both have it. A model that is not trained stands beside every seed of
    /// the other row.
    /// </summary>
    /// <exception cref="ConfigurationException">A row has no scores of this metric.</exception>
    /// <exception cref="SafeTuneBedException">The rows have no seed in common, or differ in items, decoding, template or definition; the message names what differs.</exception>
    public PairedComparison Compare(ReportRow baseline, ReportRow candidate, string metricKey)
    {
        ArgumentNullException.ThrowIfNull(baseline);
        ArgumentNullException.ThrowIfNull(candidate);
        Comparability.Check(baseline, candidate, metricKey);
        MetricScores first = Find(baseline, metricKey), second = Find(candidate, metricKey);
        var (b, c) = SeedPairing.Align(first.Seeds, first.BySeed, baseline.PoisonRatio is not null, second.Seeds, second.BySeed, candidate.PoisonRatio is not null);
        return aggregator.Compare(first.Definition, b, c);
    }

    /// <summary>Corrects the p values of comparisons that belong together (Holm).</summary>
    public IReadOnlyList<PairedComparison> Adjust(IReadOnlyList<PairedComparison> family) => aggregator.Adjust(family);

    /// <summary>The scores behind one number, seed by seed.</summary>
    /// <exception cref="ConfigurationException">The row has no scores of this metric.</exception>
    public IReadOnlyList<IReadOnlyList<SampleScore>> Scores(ReportRow row, string metricKey)
    {
        ArgumentNullException.ThrowIfNull(row);
        return Find(row, metricKey).BySeed;
    }

    /// <summary>What a number of a row counts.</summary>
    /// <exception cref="ConfigurationException">The row has no scores of this metric.</exception>
    public MetricDefinition Definition(ReportRow row, string metricKey)
    {
        ArgumentNullException.ThrowIfNull(row);
        return Find(row, metricKey).Definition;
    }

    /// <summary>
    /// The answers behind a row with all their scores, read from the run folders: by evaluator, seed and item, in the order in which they were scored.
    /// Empty where the report was made without run folders.
    /// </summary>
    public IReadOnlyList<ReportSample> Samples(ReportRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return SampleSource?.Invoke(row) ?? [];
    }

    /// <summary>
    /// Writes the report into <paramref name="folder"/> in each of <paramref name="formats"/> (registered names), or in all formats. Files that an earlier
    /// report left there and this one does not replace are removed, unless they are this same report's in another format; other files stay.
    /// </summary>
    /// <returns>The files written.</returns>
    /// <exception cref="ConfigurationException">A format is not registered; nothing was written.</exception>
    /// <exception cref="ReportFailedException">A format could not be written; the others were.</exception>
    public Task<IReadOnlyList<string>> WriteAsync(string folder, params IReadOnlyList<string> formats)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        string[] names = formats.Count == 0 ? [.. writers.Keys] : [.. formats];
        return names.FirstOrDefault(n => !writers.ContainsKey(n)) is { } unknown
            ? throw new ConfigurationException($"Unknown report format '{unknown}'. Registered: {string.Join(", ", writers.Keys)}.")
            : ReportFolder.WriteAsync(this, writers, names, folder, ReportFolder.Read(folder));
    }

    /// <summary>Writes every format into an empty folder that will take the place of one that held <paramref name="before"/>.</summary>
    internal Task WriteAllAsync(string folder, ReportFolder? before) => ReportFolder.WriteAsync(this, writers, [.. writers.Keys], folder, before);

    /// <summary>The same report with more to say at its foot.</summary>
    internal GridReport WithNotes(IEnumerable<string> more) => new(Name, Rows, scores, aggregator, writers)
    {
        Baseline = Baseline,
        Notes = [.. Notes, .. more],
        SampleSource = SampleSource,
        Canonical = Canonical,
    };

    private ReportRow? Find(string method, string dataset, string? model) =>
        Rows.FirstOrDefault(r => r.Method == method && r.Dataset == dataset && (model is null || r.Model == model));

    private MetricScores Find(ReportRow row, string key)
    {
        if (scores.TryGetValue(MetricPlace.Of(row, key), out MetricScores? found))
        {
            return found;
        }

        string[] present = [.. row.Metrics.Select(m => m.Key).Where(k => scores.ContainsKey(MetricPlace.Of(row, k)))];
        string has = present.Length == 0 ? "It has scores of no metric." : $"It has scores of: {string.Join(", ", present)}.";
        throw new ConfigurationException(row[key] is null
            ? $"'{row.Method}' on '{row.Dataset}' has no metric '{key}'. {has}"
            : $"'{row.Method}' on '{row.Dataset}' shows the metric '{key}', but the scores behind it are not in the report '{Name}'. {has} Take rows and comparisons from the same report.");
    }
}

/// <summary>Writes a report in one format.</summary>
public interface IReportWriter
{
    /// <summary>Writes one or more files into an existing folder and returns their paths.</summary>
    Task<IReadOnlyList<string>> WriteAsync(GridReport report, string folder, CancellationToken cancellationToken);
}
