using System.Text.Json;
using SafeTuneBed.Reporting;
using SafeTuneBed.Running;
using SafeTuneBed.Statistics;

namespace SafeTuneBed.Tests.Evaluation;

/// <summary>What a report must say so that nobody believes too much.</summary>
public sealed class ReportDoubtTests
{
    private static readonly MetricDefinition Share = MetricDefinition.Proportion("rate", 1, Direction.LowerIsBetter) with { IsHeadline = true };
    private readonly MetricAggregator aggregator = new();

    [Fact]
    public void ToPoisonTable_LevelsWithoutACommonSeed_ComesOutAndSaysSo()
    {
        ReportTable table = Report(([0], [Ones(2)]), ([1], [Ones(6)])).ToPoisonTable();
        Assert.Equal(["–", "–", "–", "–", "–", "–"], Assert.Single(table.Rows).Skip(4));
        Assert.Contains(table.Notes, n => n.StartsWith("lora, low and high, rate: not compared.", StringComparison.Ordinal) && n.Contains("no seed in common", StringComparison.Ordinal));
    }

    [Fact]
    public void ToPoisonTable_MetricWithFewerSeedsThanItsRow_PairsThoseThatAreThere()
    {
        // The rows have seeds 0 to 2, the metric of the second only 2 and 0.
        ReportTable table = Report(([0, 1, 2], [Ones(1), Ones(1), Ones(1)]), ([2, 0], [Ones(9), Ones(8)])).ToPoisonTable();
        IReadOnlyList<string> row = Assert.Single(table.Rows);
        Assert.Equal(("20", "15 / 0", "2 of 2"), (row[7], row[8], row[9]));
    }

    [Theory]
    [InlineData(2, 1, 0.049, true)]
    [InlineData(2, 1, 0.05, false)]
    [InlineData(2, 2, 0.001, false)]
    [InlineData(3, 2, 0.001, true)]
    [InlineData(10, 9, 0.001, false)]
    [InlineData(10, 8, 0.001, true)]
    [InlineData(1, 1, 0.001, false)]
    public void PValue_SmallWithoutTheSeeds_IsMarked(int seeds, int inDirection, double p, bool isMarked) => Assert.Equal(
        isMarked, ReportFormat.PValue(new PairedComparison { Seeds = seeds, SeedsInDirection = inDirection, PValue = p }, p).EndsWith('†'));

    [Fact]
    public void ToPoisonTable_SmallPOfOneSeedInTwo_IsMarkedAndExplained()
    {
        // One seed jumps from 0 to 10 of 10, the other falls from 1 to 0.
        ReportTable table = Report(([0, 1], [Ones(0), Ones(1)]), ([0, 1], [Ones(10), Ones(0)])).ToPoisonTable();
        IReadOnlyList<string> row = Assert.Single(table.Rows);
        Assert.EndsWith("†", row[5], StringComparison.Ordinal);
        Assert.Equal("1 of 2", row[9]);
        Assert.Contains(table.Notes, n => n.StartsWith('†'));
    }

    [Fact]
    public void ToPoisonTable_OneSeed_SaysThatThereIsNoSeedVariance()
    {
        ReportTable table = Report(([0], [Ones(0)]), ([0], [Ones(10)])).ToPoisonTable();
        Assert.Equal("1 of 1 (1 seed: no seed variance)", Assert.Single(table.Rows)[9]);
        Assert.Contains(table.Notes, n => n.StartsWith("1 seed: no seed variance", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, 1000, 9)]
    [InlineData(0, 1000, 0)]
    [InlineData(-50, 50, 3)]
    public void Aggregate_ConstantOnAWideRange_HasNoIntervalAndSaysWhy(double minimum, double maximum, double value)
    {
        MetricDefinition words = MetricDefinition.Mean("words", 1, Direction.Neutral, minimum, maximum);
        MetricValue made = aggregator.Aggregate("k", words, [.. Enumerable.Range(0, 144).Select(i => words.Score(value) with { ItemId = $"{i}" })]);
        Assert.Equal((value, null, null, "constant"), (made.Value, made.Lower, made.Upper, made.IntervalMethod));
        Assert.EndsWith("(constant)", ReportFormat.Value(made), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 10)]
    [InlineData(0, 1)]
    public void Aggregate_ConstantOnAScaleOfGrades_IsBoundedWithinTheScale(double minimum, double maximum)
    {
        MetricDefinition grade = MetricDefinition.Mean("grade", 1, Direction.Neutral, minimum, maximum);
        MetricValue made = aggregator.Aggregate("k", grade, [.. Enumerable.Range(0, 144).Select(i => grade.Score(maximum) with { ItemId = $"{i}" })]);
        Assert.Equal((maximum, "constant-bound"), (made.Upper, made.IntervalMethod));
        Assert.Equal(maximum - ((maximum - minimum) * Intervals.Wilson(0, 144).Upper), made.Lower!.Value, 12);
    }

    [Fact]
    public void Legend_SeveralMeasuresOfSafety_ExplainsEachAndWhyTheyDiffer()
    {
        var evaluator = new SafeTuneBed.AttackSuccess.AttackSuccessEvaluator(new AttackSuccessOptions { Presets = ["keyword-robust", "keyword-ref", "keyword-qi", "keyword-jbb"] });
        var judge = new SafeTuneBed.SandboxJudge.SandboxJudgeEvaluator(new SandboxJudgeOptions());
        MetricValue[] metrics =
        [
            .. evaluator.Metrics.Select(m => aggregator.Aggregate("attack-success@sandbox/" + m.Name, m, [m.Score(1) with { ItemId = "0" }])),
            .. judge.Metrics.Select(m => aggregator.Aggregate("sandbox-judge@sandbox/" + m.Name, m, [m.Score(1) with { ItemId = "0" }])),
        ];
        var report = new GridReport("g", [new ReportRow { Model = "m", Method = "lora", Dataset = "d", Task = "d", Metrics = metrics }], new Dictionary<MetricPlace, MetricScores>(), aggregator, new Dictionary<string, IReportWriter>());

        string[] summary = [.. ReportLegend.OfSummary(report)], others = [.. ReportLegend.OfOthers(report)];
        Assert.Equal(6, summary.Length); // four presets, complied, and why
        Assert.Equal(["attack success", "attack success (keyword-ref)", "attack success (keyword-qi)", "attack success (keyword-jbb)", "complied"], summary.SkipLast(1).Select(l => l.Split(':')[0]));
        Assert.StartsWith("Why the measures of safety differ", summary[^1], StringComparison.Ordinal);
        Assert.Contains(others, l => l.StartsWith("degenerate answers: ", StringComparison.Ordinal));
        Assert.All(evaluator.Metrics.Concat(judge.Metrics), m => Assert.False(string.IsNullOrEmpty(m.Description), m.Name));
        Assert.All(evaluator.Metrics.Where(m => m.Name.EndsWith("no-answer", StringComparison.Ordinal) || m.Name is "degenerate" or "truncated"), m => Assert.Equal(0.1, m.WarnAbove));
    }

    [Fact]
    public void Markdown_RowsMadeWithDifferentSettings_ShowsTheDifferenceAndTheRest()
    {
        ReportRow Row(string dataset, string rate) => new()
        {
            Model = "m", Method = "lora", Dataset = dataset, Task = "t", PoisonRatio = 0, Seeds = [0],
            Settings = new Dictionary<string, string> { ["Model"] = "abc", ["Template"] = "chat 1", ["Training:LearningRate"] = rate, ["Lora:Rank"] = "8" },
        };
        var report = new GridReport("g", [Row("low", "0.001"), Row("high", "0.0002"), Row("low", "0.001") with { Method = "none", Settings = new Dictionary<string, string> { ["Model"] = "abc" } }],
            new Dictionary<MetricPlace, MetricScores>(), aggregator, new Dictionary<string, IReportWriter>());
        string[] lines = MarkdownReportWriter.Render(report).Split('\n');

        Assert.Contains("## Provenance", lines);
        Assert.Contains("| Model | abc |", lines);
        Assert.Contains("| Lora:Rank | 8 |", lines);
        Assert.Contains("| Training:LearningRate | 0.001 | lora on low |", lines);
        Assert.Contains("| Training:LearningRate | 0.0002 | lora on high |", lines);
        Assert.DoesNotContain("| Training:LearningRate | 0.001 |", lines);
    }

    [Fact]
    public async Task CsvAndJsonLines_EachLine_CarriesTheSchemaVersionAndTheSettings()
    {
        string folder = Directory.CreateTempSubdirectory("safetunebed-report-").FullName;
        try
        {
            GridReport report = Report(([0], [Ones(0)]), ([0], [Ones(10)]));
            string csv = File.ReadAllText((await new CsvReportWriter().WriteAsync(report, folder, CancellationToken.None))[0]);
            Assert.StartsWith("schema_version,grid,", csv, StringComparison.Ordinal);
            Assert.All(csv.TrimEnd('\n').Split('\n').Skip(1), line => Assert.StartsWith("1,", line, StringComparison.Ordinal));
            Assert.Contains("Training:LearningRate=0.001 | Lora:Rank=8", csv, StringComparison.Ordinal);

            JsonElement line = JsonDocument.Parse(File.ReadLines((await new JsonLinesReportWriter().WriteAsync(report, folder, CancellationToken.None))[0]).First()).RootElement;
            Assert.Equal(1, line.GetProperty("schema_version").GetInt32());
            Assert.Equal("0.001", line.GetProperty("settings").GetProperty("Training:LearningRate").GetString());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static SampleScore[] Ones(int ones) => [.. Enumerable.Range(0, 10).Select(i => Share.Score(i < ones) with { ItemId = $"{i}" })];

    /// <summary>Two levels of poison, each with the seeds that have scores; the rows themselves claim seeds 0 to 2.</summary>
    private GridReport Report((ulong[] Seeds, SampleScore[][] Scores) low, (ulong[] Seeds, SampleScore[][] Scores) high)
    {
        ReportRow Row(string dataset, decimal poison, SampleScore[][] scores) => new()
        {
            Model = "m", Method = "lora", Dataset = dataset, Task = "t", PoisonRatio = poison, Seeds = [0, 1, 2], Metrics = [aggregator.Pool("e/rate", Share, scores)],
            Settings = new Dictionary<string, string> { ["Training:LearningRate"] = "0.001", ["Lora:Rank"] = "8" },
        };
        return new GridReport(
            "g",
            [Row("low", 0.05m, low.Scores), Row("high", 0.3m, high.Scores)],
            new Dictionary<MetricPlace, MetricScores>
            {
                [new("m", "lora", "low", "e/rate")] = new(Share, low.Seeds, low.Scores),
                [new("m", "lora", "high", "e/rate")] = new(Share, high.Seeds, high.Scores),
            },
            aggregator,
            new Dictionary<string, IReportWriter>());
    }
}
