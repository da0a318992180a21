using System.Globalization;
using System.Text.Json.Nodes;

namespace SafeTuneBed.Running;

/// <summary>
/// Makes the table out of what lies on disk: one row for each model, method and data set, pooled over its seeds. A row whose cells all failed stays, without
/// numbers and with the reason to doubt it.
/// </summary>
internal sealed class ReportBuilder(IMetricAggregator aggregator, IReadOnlyDictionary<string, IReportWriter> writers)
{
    private readonly List<ReportRow> rows = [];
    private readonly Dictionary<MetricPlace, MetricScores> scores = [];
    private readonly Dictionary<(string Model, string Method, string Dataset), IReadOnlyList<Cell>> cellsOf = [];

    public GridReport Build(CellSet set, IReadOnlyList<string> notes)
    {
        foreach (var group in set.Cells.GroupBy(c => (Model: c.Model.Model.DisplayName, c.Method, Dataset: c.DatasetName)))
        {
            AddRow(group.Key, [.. group]);
        }

        if (set.Baseline is { } baseline)
        {
            Compare(baseline);
        }

        return new GridReport(set.Name, rows, scores, aggregator, writers)
        {
            Baseline = set.Baseline,
            Notes = notes,
            Canonical = set.Canonical,
            SampleSource = row => cellsOf.TryGetValue((row.Model, row.Method, row.Dataset), out IReadOnlyList<Cell>? cells) ? SampleReader.Read(cells) : [],
        };
    }

    private void AddRow((string Model, string Method, string Dataset) id, IReadOnlyList<Cell> all)
    {
        (Cell Cell, JsonObject Record)[] trained = [.. all.Select(c => (Cell: c, Record: RunStore.FindTraining(c)!)).Where(c => c.Record is not null)];
        Cell[] cells = [.. trained.Select(c => c.Cell)];
        cellsOf[id] = cells;
        var values = new List<MetricValue>();
        var warnings = new List<string>(RowWarnings.OfTraining(all, trained));
        foreach (CellEvaluation first in all[0].Evaluations)
        {
            (ulong Seed, IReadOnlyList<SampleScore> Scores)[] done =
            [
                .. cells.Select(c => (c.Seed, Evaluation: c.Evaluations.First(e => e.Entry == first.Entry)))
                    .Where(c => RunStore.IsEvaluated(c.Evaluation, c.Evaluation.Folder))
                    .Select(c => (c.Seed, EvaluationRunner.ReadScores(c.Evaluation))),
            ];
            foreach (MetricDefinition metric in done.Length == 0 ? [] : first.Metrics)
            {
                var found = new MetricScores(
                    metric, [.. done.Select(d => d.Seed)], [.. done.Select(d => (IReadOnlyList<SampleScore>)[.. d.Scores.Where(s => s.Metric == metric.Name)])]);
                Add(MetricPlaceOf(id, $"{first.Entry.Written}/{metric.Name}"), found, values, warnings);
            }

            if (done.Length < cells.Length)
            {
                warnings.Add(string.Create(CultureInfo.InvariantCulture, $"{first.Entry.Written}: {done.Length} of {cells.Length} seeds."));
            }
        }

        warnings.AddRange(cells.SelectMany(c => c.Warnings.Concat(c.Rows?.Warnings ?? [])).Distinct());
        Cell cell = all[0];
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
            Settings = RowSettings.Of(trained),
        });
    }

    private void Add(MetricPlace place, MetricScores found, List<MetricValue> values, List<string> warnings)
    {
        try
        {
            MetricValue value = aggregator.Pool(place.Key, found.Definition, found.BySeed);
            scores[place] = found;
            values.Add(value);
            warnings.AddRange(RowWarnings.OfMetric(found.Definition, value));
        }
        catch (SafeTuneBedException e)
        {
            // One number that can't be made must not take the table with it.
            warnings.Add($"{place.Key} has no number: {e.Message}");
        }
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

            foreach (string key in row.Metrics.Select(m => m.Key).Where(k => scores.ContainsKey(MetricPlace.Of(against, k))))
            {
                MetricScores mine = scores[MetricPlace.Of(row, key)], other = scores[MetricPlace.Of(against, key)];
                try
                {
                    var (b, c) = SeedPairing.Align(other.Seeds, other.BySeed, against.PoisonRatio is not null, mine.Seeds, mine.BySeed, row.PoisonRatio is not null);
                    found.Add((i, key, aggregator.Compare(mine.Definition, b, c)));
                }
                catch (SafeTuneBedException e)
                {
                    rows[i] = rows[i] with { Warnings = [.. rows[i].Warnings, $"{key} is not compared with {baseline}: {e.Message}"] };
                }
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

    private static MetricPlace MetricPlaceOf((string Model, string Method, string Dataset) id, string key) => new(id.Model, id.Method, id.Dataset, key);
}
