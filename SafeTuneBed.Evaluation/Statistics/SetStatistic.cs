namespace SafeTuneBed.Statistics;

/// <summary>
/// The number that the scores of one seed have together, as a function of how often each of them counts: a weighted mean, perplexity, or macro-F1.
/// </summary>
internal static class SetStatistic
{
    /// <summary>Kinds of groups that <see cref="MetricKind.MacroF1"/> reads.</summary>
    public const string Gold = "gold", Predicted = "predicted";

    /// <summary>The number of all scores; null where none has a value.</summary>
    public static double? Of(MetricKind kind, IReadOnlyList<SampleScore> scores) => Prepare(kind, scores)([.. Enumerable.Repeat(1, scores.Count)]);

    /// <summary>The number as a function of how often each score counts.</summary>
    public static Func<int[], double?> Prepare(MetricKind kind, IReadOnlyList<SampleScore> scores)
    {
        if (kind == MetricKind.MacroF1)
        {
            return MacroF1(scores);
        }

        int[] scored = [.. Enumerable.Range(0, scores.Count).Where(i => scores[i].Value is not null)];
        double[] values = [.. scored.Select(i => scores[i].Value!.Value)], weights = [.. scored.Select(i => scores[i].Weight ?? 1)];
        return times =>
        {
            double total = 0, count = 0;
            for (int k = 0; k < scored.Length; k++)
            {
                double weight = times[scored[k]] * weights[k];
                total += weight * values[k];
                count += weight;
            }

            return count == 0 ? null : kind == MetricKind.Perplexity ? Math.Exp(total / count) : total / count;
        };
    }

    private static Func<int[], double?> MacroF1(IReadOnlyList<SampleScore> scores)
    {
        int[] scored = [.. Enumerable.Range(0, scores.Count).Where(i => scores[i].Value is not null)];
        string[] gold = [.. scored.Select(i => ClassOf(scores[i], Gold))], predicted = [.. scored.Select(i => ClassOf(scores[i], Predicted))];
        Dictionary<string, int> classes = gold.Concat(predicted).Distinct().Order(StringComparer.Ordinal).Index().ToDictionary(c => c.Item, c => c.Index, StringComparer.Ordinal);
        int[] golds = [.. gold.Select(g => classes[g])], predictions = [.. predicted.Select(p => classes[p])];

        // What is no class, such as an answer without a label, is never gold: it costs recall and has no F1 of its own.
        bool[] isClass = [.. classes.Keys.Select(c => c.Length > 0)];
        return times =>
        {
            int[] right = new int[classes.Count], named = new int[classes.Count], wanted = new int[classes.Count];
            for (int k = 0; k < scored.Length; k++)
            {
                int count = times[scored[k]];
                wanted[golds[k]] += count;
                named[predictions[k]] += count;
                right[golds[k]] += golds[k] == predictions[k] ? count : 0;
            }

            int[] present = [.. Enumerable.Range(0, classes.Count).Where(c => isClass[c] && wanted[c] + named[c] > 0)];
            return present.Length == 0 ? null : present.Average(c => 2.0 * right[c] / (wanted[c] + named[c]));
        };
    }

    private static string ClassOf(SampleScore score, string kind) => score.Groups?.GetValueOrDefault(kind)
        ?? throw new ArgumentException($"A score of '{score.Metric}' for '{score.ItemId}' does not name its {kind} class.", nameof(score));
}
