namespace SafeTuneBed.Running;

/// <summary>Which number of a report.</summary>
internal readonly record struct MetricPlace(string Model, string Method, string Dataset, string Key)
{
    public static MetricPlace Of(ReportRow row, string key) => new(row.Model, row.Method, row.Dataset, key);
}

/// <summary>The scores behind one number. A partly failed row has fewer seeds here than in all.</summary>
/// <param name="Definition">The metric.</param>
/// <param name="Seeds">The seeds that have scores, in order.</param>
/// <param name="BySeed">As many lists as there are seeds.</param>
internal sealed record MetricScores(MetricDefinition Definition, IReadOnlyList<ulong> Seeds, IReadOnlyList<IReadOnlyList<SampleScore>> BySeed);
