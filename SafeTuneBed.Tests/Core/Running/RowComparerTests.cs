using SafeTuneBed.Running;
using SafeTuneBed.Statistics;

namespace SafeTuneBed.Tests.Core.Running;

/// <summary>Controls and standings, on rows of literal scores and through a grid.</summary>
public sealed class RowComparerTests
{
    private static readonly MetricDefinition Rate = MetricDefinition.Proportion("rate", 1, Direction.LowerIsBetter) with { IsHeadline = true };

    [Fact]
    public void Rank_TrainedRows_MarksTheBestAndWhatTheDataDoNotSeparate()
    {
        (List<ReportRow> rows, Dictionary<MetricPlace, MetricScores> scores) = Rows(("none", 0, false), ("lora", 80, true), ("lisa", 21, true), ("vaccine", 20, true), ("twin", 20, true));
        new RowComparer(new MetricAggregator(), rows, scores).Rank();
        Assert.Equal(
            [("none", null), ("lora", Standing.Worse), ("lisa", Standing.NotSeparated), ("vaccine", Standing.Best), ("twin", (Standing?)Standing.Best)],
            rows.Select(r => (r.Method, r.Standings.TryGetValue("e/rate", out Standing s) ? s : (Standing?)null)));
    }

    [Fact]
    public void CompareWithControls_MethodWithAControl_IsComparedItemByItemInItsOwnFamily()
    {
        (List<ReportRow> rows, Dictionary<MetricPlace, MetricScores> scores) = Rows(("lora", 80, true), ("guide-mix", 50, true), ("lisa", 20, true));
        rows[2] = rows[2] with { Control = "guide-mix" };
        var comparer = new RowComparer(new MetricAggregator(), rows, scores);
        comparer.CompareWithBaseline("lora");
        comparer.CompareWithControls();
        Assert.Equal(-0.3, rows[2].VersusControl["e/rate"].Difference!.Value, 1e-12);
        Assert.Equal(rows[2].VersusControl["e/rate"].PValue, rows[2].VersusControl["e/rate"].AdjustedPValue); // a family of one
        Assert.Equal(-0.6, rows[2].VersusBaseline["e/rate"].Difference!.Value, 1e-12);
        Assert.Empty(rows[1].VersusControl);
    }

    [Fact]
    public void WarnOfNothingLearned_RowsNoBetterThanTheUntouchedModel_AreTold()
    {
        (List<ReportRow> rows, Dictionary<MetricPlace, MetricScores> scores) = Rows(("none", 20, false), ("lora", 80, true), ("same", 20, true), ("hardly", 24, true), ("worse", 4, true), ("some", 27, true));
        rows[0] = rows[0] with { IsUntouched = true };
        new RowComparer(new MetricAggregator(), rows, scores).WarnOfNothingLearned(["e/rate"]);

        // 4 of 4 pairs in one direction: mid-p .0625; 7 of 7: .0078
        Assert.Equal(["same", "hardly", "worse"], rows.Where(r => r.Warnings.Count == 1).Select(r => r.Method));
        Assert.Contains("20.0 %, not told apart from the untouched model's 20.0 % (p = 1.0)", rows[2].Warnings[0], StringComparison.Ordinal);
        Assert.Contains("24.0 %, not told apart from the untouched model's 20.0 % (p = 0.063)", rows[3].Warnings[0], StringComparison.Ordinal);
        Assert.Contains("4.0 %, below the untouched model's 20.0 %", rows[4].Warnings[0], StringComparison.Ordinal);
        rows[0] = rows[0] with { IsUntouched = false };
        rows[2] = rows[2] with { Warnings = [] };
        new RowComparer(new MetricAggregator(), rows, scores).WarnOfNothingLearned(["e/rate"]);
        Assert.Empty(rows[2].Warnings);
    }

    [Theory]
    [InlineData("Asked:e", "100 items aa, greedy, at most 24 tokens", "100 items aa, greedy, at most 48 tokens", "decoding")]
    [InlineData("Asked:e", "100 items aa, greedy, at most 24 tokens", "100 items bb, greedy, at most 24 tokens", "item set")]
    [InlineData("Template", "chat aa", "alpaca bb", "template")]
    public void Compare_RowsAskedDifferently_AreRefusedByTheFieldThatDiffers(string setting, string first, string second, string field)
    {
        (List<ReportRow> rows, Dictionary<MetricPlace, MetricScores> scores) = Rows(("lora", 80, true), ("lisa", 20, true));
        rows[0] = rows[0] with { Settings = new Dictionary<string, string> { [setting] = first } };
        rows[1] = rows[1] with { Settings = new Dictionary<string, string> { [setting] = second } };
        var report = new GridReport("g", rows, scores, new MetricAggregator(), new Dictionary<string, IReportWriter>());
        string message = Assert.Throws<SafeTuneBedException>(() => report.Compare(rows[0], rows[1], "e/rate")).Message;
        Assert.Contains($"the {field} differs", message, StringComparison.Ordinal);
        new RowComparer(new MetricAggregator(), rows, scores).CompareWithBaseline("lora");
        Assert.Empty(rows[1].VersusBaseline);
        Assert.Contains(rows[1].Warnings, w => w.Contains($"the {field} differs", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Grid_MethodWithAControl_IsComparedOrMissesIt()
    {
        using var bed = new FakeBed();
        using ExperimentRunner runner = bed.Runner(b => b.AddMethod<ControlledMethod>("controlled"));
        GridReport alone = await runner.RunAsync(FakeBed.Grid("controlled") with { Baseline = null }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Contains(alone.Notes, n => n.Contains("'lora', which this grid does not run", StringComparison.Ordinal));
        GridReport both = await runner.RunAsync(FakeBed.Grid("controlled", "lora") with { Baseline = null }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.All(both.Rows.Where(r => r.Method == "controlled"), r => Assert.Equal(("lora", 2), (r.Control, r.VersusControl.Count)));
        Assert.DoesNotContain(both.Notes, n => n.Contains("control", StringComparison.Ordinal));
    }

    [Fact]
    public async Task RescoreAsync_ChangedRule_ScoresStoredAnswersWithoutAModel()
    {
        using var bed = new FakeBed();
        ExperimentGrid grid = FakeBed.Grid("lora");
        CancellationToken token = TestContext.Current.CancellationToken;
        using (ExperimentRunner first = bed.Runner())
        {
            Assert.Contains("not trained", (await Assert.ThrowsAnyAsync<SafeTuneBedException>(() => first.RescoreAsync(grid, cancellationToken: token))).Message, StringComparison.Ordinal);
            Assert.Empty(bed.Models.Generated);
            await first.RunAsync(grid, cancellationToken: token);
        }

        int answers = bed.Models.Generated.Count, workers = bed.Models.Workers;
        using ExperimentRunner second = bed.Runner(word: o => o.Word = "yes");
        GridReport scored = await second.RescoreAsync(grid, cancellationToken: token);
        GridReport asked = await second.RunAsync(grid, cancellationToken: token);
        Assert.Equal((answers, workers), (bed.Models.Generated.Count, bed.Models.Workers));
        Assert.Equal(asked.Rows.Select(r => r["word-rate/rate"]!.Value), scored.Rows.Select(r => r["word-rate/rate"]!.Value));
        Assert.All(scored.Rows, r => Assert.InRange(r["word-rate/rate"]!.Value!.Value, 0.01, 0.99)); // the other rule's complement
        using ExperimentRunner longer = bed.Runner(word: o => o.MaxNewTokens = 7);
        Assert.Contains("lacks", (await Assert.ThrowsAnyAsync<SafeTuneBedException>(() => longer.RescoreAsync(grid, cancellationToken: token))).Message, StringComparison.Ordinal);
    }

    private static (List<ReportRow> Rows, Dictionary<MetricPlace, MetricScores> Scores) Rows(params (string Method, int Hits, bool Trained)[] conditions)
    {
        var scores = new Dictionary<MetricPlace, MetricScores>();
        var rows = new List<ReportRow>();
        foreach ((string method, int hits, bool trained) in conditions)
        {
            SampleScore[] items = [.. Enumerable.Range(0, 100).Select(i => Rate.Score(i < hits) with { ItemId = $"{i}" })];
            scores[new("m", method, "d", "e/rate")] = new(Rate, [0], [items]);
            rows.Add(new ReportRow { Model = "m", Method = method, Dataset = "d", Task = "d", PoisonRatio = trained ? 0 : null, Metrics = [new MetricAggregator().Pool("e/rate", Rate, [items])] });
        }

        return (rows, scores);
    }

    public sealed class ControlledMethod : MethodAlgorithm
    {
        public override string Control => "lora";
    }
}
