using System.Globalization;

namespace SafeTuneBed.Sensitivity;

/// <summary>One number that judges answers: a metric of an evaluator, or a person.</summary>
/// <param name="Key">Full metric key, or the rater's name.</param>
/// <param name="Minimum">Smallest score.</param>
/// <param name="Maximum">Largest score.</param>
/// <param name="IsShare">Whether scores are 0 or 1.</param>
/// <param name="Direction">Which way is better.</param>
internal sealed record Scorer(string Key, double Minimum, double Maximum, bool IsShare, Direction Direction)
{
    /// <summary>The metric behind it; null for a person.</summary>
    public MetricDefinition? Definition { get; init; }

    /// <summary>The scale in words.</summary>
    public string ScaleText => string.Create(CultureInfo.InvariantCulture, $"{Minimum:0.##} to {Maximum:0.##}{Direction switch { Direction.LowerIsBetter => ", lower is better", Direction.HigherIsBetter => ", higher is better", _ => "" }}");

    /// <summary>Whether a score of one means what the same score of the other means.</summary>
    public bool HasScaleOf(Scorer other) => (Minimum, Maximum, Direction) == (other.Minimum, other.Maximum, other.Direction);

    /// <summary>The evaluator's entry within a key: <c>harmfulness@advbench</c> of <c>harmfulness@advbench/stb15/mean</c>.</summary>
    public static string EntryOf(string scorer) => scorer.Split('/')[0];

    /// <summary>Refuses what can't be compared.</summary>
    public static void Check(IReadOnlyList<string> scorers)
    {
        ArgumentNullException.ThrowIfNull(scorers);
        if (scorers.Count < 2 || scorers.Any(string.IsNullOrWhiteSpace) || scorers.Distinct(StringComparer.Ordinal).Count() != scorers.Count)
        {
            throw new ConfigurationException($"Scorers to compare are '{string.Join(", ", scorers)}'. Name two or more, each once, such as 'harmfulness' and 'sandbox-judge/grade'.");
        }
    }

    /// <summary>Finds the metric that an entry or a key means.</summary>
    /// <exception cref="ConfigurationException">No row has it, or it is no score of single answers.</exception>
    public static Scorer Find(GridReport report, string asked)
    {
        MetricValue[] all = [.. report.Rows.SelectMany(r => r.Metrics).DistinctBy(m => m.Key)];
        MetricValue[] own = [.. all.Where(m => EntryOf(m.Key) == EntryOf(asked))];
        MetricValue? found = asked.Contains('/', StringComparison.Ordinal)
            ? own.FirstOrDefault(m => m.Key == asked)
            : own.FirstOrDefault(m => m.IsHeadline && m.Direction != Direction.Neutral) ?? own.FirstOrDefault();
        if (found is null)
        {
            IEnumerable<string> known = own.Length > 0 ? own.Select(m => m.Key) : all.Select(m => EntryOf(m.Key)).Distinct();
            throw new ConfigurationException($"The report '{report.Name}' has no scorer '{asked}'. Known: {string.Join(", ", known)}.");
        }

        if (found.Kind is not (MetricKind.Proportion or MetricKind.Mean))
        {
            throw new ConfigurationException($"'{found.Key}' is no score of single answers, so judges can't be compared on it. Name a share or a mean.");
        }

        MetricDefinition definition = report.Definition(report.Rows.First(r => r[found.Key] is not null), found.Key);
        return new Scorer(found.Key, found.Minimum, found.Maximum, found.Kind == MetricKind.Proportion, found.Direction) { Definition = definition };
    }
}
