namespace SafeTuneBed.Running;

/// <summary>Compares the rows of a table with each other: with the baseline, with their own controls, and with the best of their data set.</summary>
/// <param name="aggregator">The statistics.</param>
/// <param name="rows">The rows; they are replaced by ones that hold the comparisons.</param>
/// <param name="scores">The scores behind the numbers.</param>
internal sealed class RowComparer(IMetricAggregator aggregator, List<ReportRow> rows, IReadOnlyDictionary<MetricPlace, MetricScores> scores)
{
    private const double Level = 0.05;

    /// <summary>Every row with the baseline's of its model and data set. All comparisons of one metric in the table are one family.</summary>
    public void CompareWithBaseline(string baseline) => Compare(row => row.Method == baseline ? null : baseline, (row, found) => row with { VersusBaseline = found });

    /// <summary>Every row with that of its method's own control. These comparisons are families of their own.</summary>
    public void CompareWithControls() => Compare(row => row.Control, (row, found) => row with { VersusControl = found });

    /// <summary>Every row with the best one of its model and data set, by headline metric. Rows that were trained compete; where none was, all do.</summary>
    public void Rank()
    {
        var standings = new Dictionary<int, Dictionary<string, Standing>>();
        foreach (var place in Enumerable.Range(0, rows.Count).GroupBy(i => (rows[i].Model, rows[i].Dataset)))
        {
            int[] trained = [.. place.Where(i => rows[i].PoisonRatio is not null)], competing = trained.Length > 0 ? trained : [.. place];
            foreach (string key in competing.SelectMany(i => rows[i].Metrics).Where(m => m.IsHeadline && m.Direction != Direction.Neutral).Select(m => m.Key).Distinct())
            {
                foreach ((int row, Standing standing) in Rank([.. competing.Where(i => rows[i][key]?.Value is not null)], key))
                {
                    (standings.TryGetValue(row, out var own) ? own : standings[row] = new(StringComparer.Ordinal))[key] = standing;
                }
            }
        }

        foreach ((int row, Dictionary<string, Standing> own) in standings)
        {
            rows[row] = rows[row] with { Standings = own };
        }
    }

    /// <summary>
    /// Warns of every trained row whose task the untouched model does as well, or better, by a paired test: it learned nothing that can be seen, so its safety is no merit.
    /// </summary>
    /// <param name="keys">The metrics of the tasks, better when higher.</param>
    public void WarnOfNothingLearned(IReadOnlyList<string> keys)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            ReportRow row = rows[i];
            foreach (string key in keys.Where(k => row.PoisonRatio is not null && row[k]?.Value is not null))
            {
                ReportRow[] untouched = [.. rows.Where(r => r.IsUntouched && r.Model == row.Model && r.Task == row.Task && r[key]?.Value is not null)];
                if ((untouched.FirstOrDefault(r => r.Dataset == row.Dataset) ?? untouched.FirstOrDefault()) is { } before && TryCompare(before, row, key) is { PValue: { } p, Difference: { } difference }
                    && (p >= Level || difference < 0))
                {
                    rows[i] = rows[i] with { Warnings = [.. rows[i].Warnings, RowWarnings.NothingLearned(before[key]!, row[key]!, p)] };
                }
            }
        }
    }

    private PairedComparison? TryCompare(ReportRow first, ReportRow second, string key)
    {
        try
        {
            return Compare(first, second, key);
        }
        catch (SafeTuneBedException)
        {
            return null; // what was asked otherwise is not compared
        }
    }

    private IEnumerable<(int Row, Standing Standing)> Rank(int[] competing, string key)
    {
        if (competing.Length < 2)
        {
            yield break;
        }

        double Badness(int row) => rows[row][key]!.Direction == Direction.LowerIsBetter ? rows[row][key]!.Value!.Value : -rows[row][key]!.Value!.Value;
        int best = competing.MinBy(Badness);
        var others = new List<(int Row, PairedComparison? Comparison)>();
        foreach (int row in competing.Where(i => i != best))
        {
            others.Add((row, TryCompare(rows[best], rows[row], key))); // what can't be compared is not marked
        }

        var adjusted = new Queue<PairedComparison>(aggregator.Adjust([.. others.Select(o => o.Comparison).OfType<PairedComparison>()]));
        yield return (best, Standing.Best);
        foreach ((int row, PairedComparison? comparison) in others)
        {
            if (comparison is not null)
            {
                PairedComparison made = adjusted.Dequeue();
                yield return (row, Badness(row) == Badness(best) ? Standing.Best : (made.AdjustedPValue ?? 1) < Level ? Standing.Worse : Standing.NotSeparated);
            }
        }
    }

    private void Compare(Func<ReportRow, string?> against, Func<ReportRow, IReadOnlyDictionary<string, PairedComparison>, ReportRow> put)
    {
        var found = new List<(int Row, string Key, PairedComparison Comparison)>();
        for (int i = 0; i < rows.Count; i++)
        {
            ReportRow row = rows[i];
            if (against(row) is not { } other || rows.FirstOrDefault(r => r.Method == other && r.Model == row.Model && r.Dataset == row.Dataset) is not { } first)
            {
                continue;
            }

            foreach (string key in row.Metrics.Select(m => m.Key).Where(k => scores.ContainsKey(MetricPlace.Of(first, k))))
            {
                try
                {
                    found.Add((i, key, Compare(first, row, key)));
                }
                catch (SafeTuneBedException e)
                {
                    rows[i] = rows[i] with { Warnings = [.. rows[i].Warnings, $"{key} is not compared with {other}: {e.Message}"] };
                }
            }
        }

        var byRow = new Dictionary<int, Dictionary<string, PairedComparison>>();
        foreach (var family in found.GroupBy(f => f.Key))
        {
            IReadOnlyList<PairedComparison> adjusted = aggregator.Adjust([.. family.Select(f => f.Comparison)]);
            foreach (var (comparison, at) in adjusted.Zip(family))
            {
                (byRow.TryGetValue(at.Row, out var row) ? row : byRow[at.Row] = new(StringComparer.Ordinal))[at.Key] = comparison;
            }
        }

        foreach (var (row, comparisons) in byRow)
        {
            rows[row] = put(rows[row], comparisons);
        }
    }

    private PairedComparison Compare(ReportRow first, ReportRow second, string key)
    {
        Comparability.Check(first, second, key);
        MetricScores mine = scores[MetricPlace.Of(second, key)], other = scores[MetricPlace.Of(first, key)];
        var (b, c) = SeedPairing.Align(other.Seeds, other.BySeed, first.PoisonRatio is not null, mine.Seeds, mine.BySeed, second.PoisonRatio is not null);
        return aggregator.Compare(mine.Definition, b, c);
    }
}
