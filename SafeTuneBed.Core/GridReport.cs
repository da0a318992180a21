namespace SafeTuneBed;

/// <summary>What a grid found: rows with uncertainty, the scores behind them, and writers for every registered format.</summary>
public sealed class GridReport
{
    private readonly IMetricAggregator aggregator;
    private readonly IReadOnlyDictionary<string, IReportWriter> writers;
    private readonly IReadOnlyDictionary<(string Model, string Method, string Dataset, string Key), (MetricDefinition Definition, IReadOnlyList<IReadOnlyList<SampleScore>> BySeed)> scores;

    internal GridReport(
        string name,
        IReadOnlyList<ReportRow> rows,
        IReadOnlyDictionary<(string Model, string Method, string Dataset, string Key), (MetricDefinition Definition, IReadOnlyList<IReadOnlyList<SampleScore>> BySeed)> scores,
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

    /// <summary>The row of a method on a data set.</summary>
    /// <exception cref="ConfigurationException">The report has no such row.</exception>
    public ReportRow Row(string method, string dataset, string? model = null) =>
        Rows.FirstOrDefault(r => r.Method == method && r.Dataset == dataset && (model is null || r.Model == model))
        ?? throw new ConfigurationException($"The report '{Name}' has no row of method '{method}' on data set '{dataset}'. It has: {string.Join(", ", Rows.Select(r => $"{r.Method} on {r.Dataset}"))}.");

    /// <summary>Compares two rows on one metric, item by item, all seeds together.</summary>
    public PairedComparison Compare(ReportRow baseline, ReportRow candidate, string metricKey)
    {
        ArgumentNullException.ThrowIfNull(baseline);
        ArgumentNullException.ThrowIfNull(candidate);
        var (definition, first) = Find(baseline, metricKey);
        var (b, c) = Running.SeedPairing.Align(
            baseline.Seeds, first, baseline.PoisonRatio is not null, candidate.Seeds, Find(candidate, metricKey).BySeed, candidate.PoisonRatio is not null);
        return aggregator.Compare(definition, b, c);
    }

    /// <summary>Corrects the p values of comparisons that belong together (Holm).</summary>
    public IReadOnlyList<PairedComparison> Adjust(IReadOnlyList<PairedComparison> family) => aggregator.Adjust(family);

    /// <summary>The scores behind one number, seed by seed.</summary>
    public IReadOnlyList<IReadOnlyList<SampleScore>> Scores(ReportRow row, string metricKey) => Find(row, metricKey).BySeed;

    /// <summary>Writes the report into <paramref name="folder"/> in each of <paramref name="formats"/> (registered names), or in all formats.</summary>
    /// <returns>The files written.</returns>
    public async Task<IReadOnlyList<string>> WriteAsync(string folder, params IReadOnlyList<string> formats)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        string[] names = formats.Count == 0 ? [.. writers.Keys] : [.. formats];
        foreach (string name in names)
        {
            if (!writers.ContainsKey(name))
            {
                throw new ConfigurationException($"Unknown report format '{name}'. Registered: {string.Join(", ", writers.Keys)}.");
            }
        }

        Directory.CreateDirectory(folder);
        var files = new List<string>();
        foreach (string name in names)
        {
            files.AddRange(await writers[name].WriteAsync(this, folder, CancellationToken.None).ConfigureAwait(false));
        }

        return files;
    }

    private (MetricDefinition Definition, IReadOnlyList<IReadOnlyList<SampleScore>> BySeed) Find(ReportRow row, string key) =>
        scores.TryGetValue((row.Model, row.Method, row.Dataset, key), out var found)
            ? found
            : throw new ConfigurationException($"'{row.Method}' on '{row.Dataset}' has no metric '{key}'. It has: {string.Join(", ", row.Metrics.Select(m => m.Key))}.");
}

/// <summary>Writes a report in one format.</summary>
public interface IReportWriter
{
    /// <summary>Writes one or more files into an existing folder and returns their paths.</summary>
    Task<IReadOnlyList<string>> WriteAsync(GridReport report, string folder, CancellationToken cancellationToken);
}
