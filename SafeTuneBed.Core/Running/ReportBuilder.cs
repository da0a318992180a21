using System.Globalization;

namespace SafeTuneBed.Running;

/// <summary>Makes the table out of what lies on disk: one row for each model, method and data set, pooled over its seeds.</summary>
internal sealed class ReportBuilder(IMetricAggregator aggregator, IReadOnlyDictionary<string, IReportWriter> writers)
{
    private readonly List<ReportRow> rows = [];
    private readonly Dictionary<(string Model, string Method, string Dataset, string Key), (MetricDefinition Definition, IReadOnlyList<IReadOnlyList<SampleScore>> BySeed)> scores = [];
    private readonly Dictionary<(string Model, string Method, string Dataset, string Key), IReadOnlyList<ulong>> seedsOf = [];

    public GridReport Build(CellSet set, IReadOnlyList<string> notes)
    {
        foreach (var group in set.Cells.GroupBy(c => (Model: c.Model.Model.DisplayName, c.Method, Dataset: c.DatasetName)))
        {
            AddRow(group.Key, [.. group.Where(c => RunStore.FindTraining(c) is not null)]);
        }

        if (set.Baseline is { } baseline)
        {
            Compare(baseline);
        }

        return new GridReport(set.Name, rows, scores, aggregator, writers) { Baseline = set.Baseline, Notes = notes };
    }

    private void AddRow((string Model, string Method, string Dataset) id, IReadOnlyList<Cell> cells)
    {
        if (cells.Count == 0)
        {
            return;
        }

        var values = new List<MetricValue>();
        var warnings = new List<string>();
        foreach (CellEvaluation first in cells[0].Evaluations)
        {
            (ulong Seed, IReadOnlyList<SampleScore> Scores)[] done =
            [
                .. cells.Select(c => (c.Seed, Evaluation: c.Evaluations.First(e => e.Entry == first.Entry)))
                    .Where(c => RunStore.IsEvaluated(c.Evaluation, c.Evaluation.Folder))
                    .Select(c => (c.Seed, EvaluationRunner.ReadScores(c.Evaluation))),
            ];
            foreach (MetricDefinition metric in done.Length == 0 ? [] : first.Evaluator.Metrics)
            {
                string key = $"{first.Entry.Written}/{metric.Name}";
                IReadOnlyList<IReadOnlyList<SampleScore>> bySeed = [.. done.Select(d => (IReadOnlyList<SampleScore>)[.. d.Scores.Where(s => s.Metric == metric.Name)])];
                scores[(id.Model, id.Method, id.Dataset, key)] = (metric, bySeed);
                seedsOf[(id.Model, id.Method, id.Dataset, key)] = [.. done.Select(d => d.Seed)];
                values.Add(aggregator.Pool(key, metric, bySeed));
            }

            if (done.Length < cells.Count)
            {
                warnings.Add(string.Create(CultureInfo.InvariantCulture, $"{first.Entry.Written}: {done.Length} of {cells.Count} seeds."));
            }
        }

        warnings.AddRange(cells.SelectMany(c => c.Warnings.Concat(c.Rows?.Warnings ?? [])).Distinct());
        Cell cell = cells[0];
        rows.Add(new ReportRow
        {
            Model = id.Model,
            Method = id.Method,
            Dataset = id.Dataset,
            Task = cell.TaskName,
            PoisonRatio = cell.Rows?.PoisonRatio,
            Seeds = [.. cells.Select(c => c.Seed)],
            Metrics = values,
            Warnings = warnings,
        });
    }

    // All comparisons of one metric in the table are one family.
    private void Compare(string baseline)
    {
        var found = new List<(int Row, string Key, PairedComparison Comparison)>();
        for (int i = 0; i < rows.Count; i++)
        {
            ReportRow row = rows[i];
            if (row.Method == baseline || rows.FirstOrDefault(r => r.Method == baseline && r.Model == row.Model && r.Dataset == row.Dataset) is not { } against)
            {
                continue;
            }

            foreach (string key in row.Metrics.Select(m => m.Key).Where(k => scores.ContainsKey((against.Model, against.Method, against.Dataset, k))))
            {
                var mine = (row.Model, row.Method, row.Dataset, key);
                var other = (against.Model, against.Method, against.Dataset, key);
                var (definition, second) = scores[mine];
                var (b, c) = SeedPairing.Align(seedsOf[other], scores[other].BySeed, against.PoisonRatio is not null, seedsOf[mine], second, row.PoisonRatio is not null);
                found.Add((i, key, aggregator.Compare(definition, b, c)));
            }
        }

        var byRow = new Dictionary<int, Dictionary<string, PairedComparison>>();
        foreach (var family in found.GroupBy(f => f.Key))
        {
            IReadOnlyList<PairedComparison> adjusted = aggregator.Adjust([.. family.Select(f => f.Comparison)]);
            foreach (var (comparison, at) in adjusted.Zip(family))
            {
                if (!byRow.TryGetValue(at.Row, out var row))
                {
                    byRow[at.Row] = row = new Dictionary<string, PairedComparison>(StringComparer.Ordinal);
                }

                row[at.Key] = comparison;
            }
        }

        foreach (var (row, comparisons) in byRow)
        {
            rows[row] = rows[row] with { VersusBaseline = comparisons };
        }
    }
}
