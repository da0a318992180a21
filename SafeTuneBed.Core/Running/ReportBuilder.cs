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

        var comparer = new RowComparer(aggregator, rows, scores);
        if (set.Baseline is { } baseline)
        {
            comparer.CompareWithBaseline(baseline);
        }

        comparer.CompareWithControls();
        comparer.Rank();
        comparer.WarnOfNothingLearned([.. set.Cells.SelectMany(c => c.Evaluations).Where(e => e.Evaluator.Needs.HasFlag(EvaluatorNeeds.EvaluationSplit))
            .SelectMany(e => e.Metrics.Where(m => m is { IsHeadline: true, Direction: Direction.HigherIsBetter, Minimum: 0, Maximum: 1 }).Select(m => $"{e.Entry.Written}/{m.Name}")).Distinct()]);

        return new GridReport(set.Name, rows, scores, aggregator, writers)
        {
            Baseline = set.Baseline,
            Notes = [.. notes, .. MissingControls(set)],
            Canonical = set.Canonical,
            SampleSource = row => cellsOf.TryGetValue((row.Model, row.Method, row.Dataset), out IReadOnlyList<Cell>? cells) ? SampleReader.Read(cells) : [],
        };
    }

    private static IEnumerable<string> MissingControls(CellSet set) => set.Cells
        .Where(c => c.Control is { } control && !set.Cells.Any(o => o.Method == control && o.DatasetName == c.DatasetName && o.Model.Model.DisplayName == c.Model.Model.DisplayName))
        .Select(c => $"'{c.Method}' is not compared with its own control '{c.Control}', which this grid does not run: what it gains may be due to what it spends. Name '{c.Control}' among the methods.").Distinct();

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
            Control = cell.Control,
            PoisonRatio = cell.Rows?.PoisonRatio,
            IsUntouched = cell is { Trains: false, External: null, Source: null, Policy: null },
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

    private static MetricPlace MetricPlaceOf((string Model, string Method, string Dataset) id, string key) => new(id.Model, id.Method, id.Dataset, key);
}
