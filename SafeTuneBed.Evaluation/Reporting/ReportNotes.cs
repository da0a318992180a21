using System.Globalization;

namespace SafeTuneBed.Reporting;

/// <summary>The sentences below a table: how to read it, and what to doubt.</summary>
internal static class ReportNotes
{
    // A common share of pairs that disagree; a plan can't know the true one.
    private const double AssumedDiscordance = 0.1;

    /// <summary>How the intervals that occur in a report were made.</summary>
    public static IEnumerable<string> Reading(GridReport report)
    {
        string[] methods = [.. report.Rows.SelectMany(r => r.Metrics).Where(m => m.IntervalMethod is not null).Select(m => m.IntervalMethod!).Distinct()];
        yield return "Value [95 % interval]. Arrows point to the better side. n counts the items that a measure applies to, over all seeds; unscored items are shown, never guessed.";
        if (report.Rows.Any(r => r.Standings.Count > 0))
        {
            yield return "* the best of its data set; = not separated from the best by these data (paired test, Holm's correction, 5 %). Without a mark: worse. Untrained models do not compete with trained ones.";
        }

        if (methods.Contains("wilson"))
        {
            yield return "Shares of one seed have Wilson's interval. Where all seeds answered every item alike, items are counted once.";
        }

        if (methods.Contains("hierarchical-bootstrap"))
        {
            yield return "Several seeds: mean of the seeds; interval from 2,000 resamples of seeds and items together (percentiles). With few seeds it is rather too narrow.";
        }

        if (methods.Contains("bca-bootstrap"))
        {
            yield return "Means of one seed: bias-corrected and accelerated bootstrap over items, 10,000 resamples.";
        }

        if (methods.Contains("clustered-bootstrap"))
        {
            yield return "Items that belong together, such as the questions of a subject: bias-corrected and accelerated bootstrap over the groups, 10,000 resamples.";
        }

        if (methods.Contains("percentile-bootstrap"))
        {
            yield return "Macro-F1 of one seed: percentile bootstrap over items, 2,000 resamples.";
        }

        if (methods.Contains("constant-bound"))
        {
            yield return "Means of grades without any spread: the bound that follows from at most a share u of other items scoring at an end of the scale, u being Wilson's upper end of 0 of n.";
        }

        if (methods.Contains("constant"))
        {
            yield return "(constant): every item scored the same, on a scale too wide to bound what others would have scored. There is no interval; that is not certainty.";
        }
    }

    /// <summary>How the comparisons were made.</summary>
    public static IEnumerable<string> ReadingComparisons(string what, IEnumerable<PairedComparison> comparisons)
    {
        PairedComparison[] all = [.. comparisons];
        string[] tests = [.. all.Select(c => c.Test).Distinct()];
        yield return $"Difference: {what}, item by item, in points for shares. Adjusted p: Holm, over the comparisons that were corrected together.";
        if (tests.Contains("mcnemar-mid-p"))
        {
            yield return "Shares: McNemar's mid-p on the pairs of all seeds, Newcombe's paired interval. Pairs of different seeds count as independent, so trust a small p only where the seeds agree in direction.";
        }

        if (all.Where(c => c.Test == "mcnemar-mid-p").Select(c => c.Pairs).DefaultIfEmpty(0).Min() is > 0 and var pairs && PlanPower.MinimumDetectableDifference(pairs, AssumedDiscordance) is { } least)
        {
            yield return $"With {ReportFormat.Count(pairs)} pairs, of which one in ten disagrees, a true difference below {ReportFormat.Number(least, MetricKind.Proportion)} points is missed more often than one time in five: no finding is not no difference.";
        }

        if (tests.Contains("sign-flip"))
        {
            yield return "Means: sign-flip test and bootstrap over items, differences averaged over seeds.";
        }

        if (tests.Contains("permutation"))
        {
            yield return "Macro-F1 and perplexity: permutation test, in which chance decides which method each item's two scores belong to; bootstrap over items.";
        }

        if (all.Any(c => ReportFormat.IsCarriedByFewSeeds(c, c.PValue)))
        {
            yield return "†: p is small, but fewer than nine of ten seeds show the difference. It holds for these runs together, not for the method.";
        }

        if (all.Any(c => c.Seeds == 1))
        {
            yield return "1 seed: no seed variance. Such a p speaks of one training run.";
        }
    }

    /// <summary>Warnings of every row, and numbers with too many unscored items.</summary>
    public static IEnumerable<string> Warnings(GridReport report)
    {
        foreach (ReportRow row in report.Rows)
        {
            string where = ReportTables.Name(report, row);
            foreach (string warning in row.Warnings)
            {
                yield return $"{where}: {warning}";
            }

            foreach (MetricValue metric in row.Metrics.Where(m => m.IsIncomplete))
            {
                string reasons = string.Join(", ", metric.Unscored.OrderBy(u => u.Key).Select(u => $"{u.Key} {u.Value.ToString(CultureInfo.InvariantCulture)}"));
                yield return $"{where}: {metric.Key} is incomplete (!): {ReportFormat.Count(metric.UnscoredCount)} of {ReportFormat.Count(metric.Count)} items have no score ({reasons}); "
                    + $"whatever they were, the value lies between {ReportFormat.Number(metric.Lowest, metric.Kind)} and {ReportFormat.Number(metric.Highest, metric.Kind)}{ReportFormat.Unit(metric.Kind)}.";
            }
        }
    }
}
