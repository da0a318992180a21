using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.Core.Running;

/// <summary>A grid of which a part failed: its report comes out, and nothing that goes wrong with it hides why.</summary>
public sealed class PartlyFailedReportTests : IDisposable
{
    private readonly FakeBed bed = new();

    public void Dispose() => bed.Dispose();

    [Fact]
    public async Task Compare_MetricWithFewerSeedsThanItsRow_PairsTheSeedsThatAreThere()
    {
        FailTheTaskOfSeed1();
        await using ExperimentRunner runner = bed.Runner(b => b.UseConcurrency(1));
        GridReport report = (await Assert.ThrowsAsync<GridFailedException>(() => runner.RunAsync(FakeBed.Grid("lora")))).Report;

        ReportRow low = report.Row("lora", "task-benign"), high = report.Row("lora", "task-high");
        Assert.Equal([0UL, 1, 2], high.Seeds);
        Assert.Equal(30, report.Compare(low, high, "word-rate/rate").Pairs);
        Assert.Equal(10, report.Compare(low, high, "task-rate/rate").Pairs); // five items, two seeds
    }

    [Fact]
    public async Task Run_WriterAndCellsFail_TellsBothTheCellsFirst()
    {
        FailTheTaskOfSeed1();
        await using ExperimentRunner runner = bed.Runner(b => b.UseConcurrency(1).AddReportWriter<FailingWriter>("broken").AddReportWriter<NamesWriter>("names"));
        var failure = await Assert.ThrowsAsync<GridFailedException>(() => runner.RunAsync(FakeBed.Grid("lora")));

        Assert.Equal("report / broken", failure.Failures[^1].Cell);
        Assert.Equal("the writer broke", failure.Failures[^1].Exception.Message);
        Assert.Equal("no answer", failure.Failures[0].Exception.Message);
        Assert.Equal("no answer", failure.InnerException!.Message);
        Assert.Contains("no answer", failure.Message, StringComparison.Ordinal);
        Assert.Contains("the writer broke", failure.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(bed.Folder, "grid-1", "report", "names.txt")));
    }

    [Fact]
    public async Task ToString_OfAFailedGrid_TracesWhatBrokeAndNotWhatIsSetWrongly()
    {
        FailTheTaskOfSeed1();
        await using ExperimentRunner runner = bed.Runner(b => b.UseConcurrency(1).AddReportWriter<FailingWriter>("broken"));
        var failure = await Assert.ThrowsAsync<GridFailedException>(() => runner.RunAsync(FakeBed.Grid("lora")));
        string text = failure.ToString();
        Assert.StartsWith($"SafeTuneBed.GridFailedException: {failure.Message}", text, StringComparison.Ordinal);
        Assert.Contains($"   at {typeof(FailingWriter).FullName!.Replace('+', '.')}.", text, StringComparison.Ordinal);

        var fixable = new GridFailedException(failure.Report, [new CellFailure("a", new SafeTuneBedException("the file is missing")), new CellFailure("b", new SafeTuneBedException("the file is missing"))]);
        Assert.Equal($"SafeTuneBed.GridFailedException: {fixable.Message}", fixable.ToString());
        Assert.Contains("[a, and 1 more] the file is missing", fixable.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_OnlyAWriterFails_KeepsTheReportAndTheOtherFormats()
    {
        await using ExperimentRunner runner = bed.Runner(b => b.AddReportWriter<FailingWriter>("broken").AddReportWriter<NamesWriter>("names"));
        var failure = await Assert.ThrowsAsync<GridFailedException>(() => runner.RunAsync(FakeBed.Grid("lora")));

        Assert.Equal("report / broken", Assert.Single(failure.Failures).Cell);
        Assert.Equal(2, failure.Report.Rows.Count);
        Assert.Contains(failure.Report.Notes, n => n.Contains("the writer broke", StringComparison.Ordinal));
        Assert.True(File.Exists(Path.Combine(bed.Folder, "grid-1", "report", "names.txt")));
    }

    [Fact]
    public async Task Run_EverySeedOfARowFails_ShowsTheRowWithTheReason()
    {
        bed.Models.OnStep = (cell, _) =>
        {
            if (cell.StartsWith("6/20", StringComparison.Ordinal))
            {
                throw new InvalidOperationException("out of memory");
            }
        };
        await using ExperimentRunner runner = bed.Runner();
        GridReport report = (await Assert.ThrowsAsync<GridFailedException>(() => runner.RunAsync(FakeBed.Grid()))).Report;

        ReportRow row = report.Row("lora", "task-high");
        Assert.Empty(row.Metrics);
        Assert.Empty(row.Seeds);
        Assert.Contains(row.Warnings, w => w.Contains("0 of 3 seeds", StringComparison.Ordinal) && w.Contains("0, 1, 2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_BaselineAndRowWithoutACommonSeed_AreNotComparedAndTheCauseIsTold()
    {
        // Two methods of which each keeps another seed.
        int calls = 0;
        bed.Models.OnStep = (cell, step) =>
        {
            bool isFirstMethod = step == 1 ? calls++ < 2 : calls <= 2;
            if (cell.EndsWith(isFirstMethod ? "seed 1" : "seed 0", StringComparison.Ordinal))
            {
                throw new InvalidOperationException("the card is gone");
            }
        };
        await using ExperimentRunner runner = bed.Runner(b => b.UseConcurrency(1).AddMethod<OtherMethod>("other"));
        var failure = await Assert.ThrowsAsync<GridFailedException>(() => runner.RunAsync(FakeBed.Grid("lora", "other") with { Datasets = ["task-high"], Seeds = [0, 1] }));

        Assert.Equal(2, failure.Failures.Count);
        Assert.Contains("the card is gone", failure.Message, StringComparison.Ordinal);
        ReportRow row = failure.Report.Row("other", "task-high");
        Assert.Equal([1UL], row.Seeds);
        Assert.Empty(row.VersusBaseline);
        Assert.Contains(row.Warnings, w => w.Contains("not compared with lora", StringComparison.Ordinal) && w.Contains("no seed in common", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_AggregatorFails_DoesNotHideTheCells()
    {
        FailTheTaskOfSeed1();
        await using ExperimentRunner runner = bed.Runner(b => b.UseConcurrency(1));
        await Assert.ThrowsAsync<GridFailedException>(() => runner.RunAsync(FakeBed.Grid("lora")));
        foreach (string scores in bed.Files("scores.jsonl").Where(f => f.Contains("word-rate", StringComparison.Ordinal)))
        {
            // A file that agrees with its hash and still can't be read: what an odd file system gives.
            string record = Path.Combine(Path.GetDirectoryName(scores)!, "metrics.json"), before = SafeTuneBed.Data.FileDigest.Read(scores);
            File.WriteAllText(scores, "{]\n");
            File.WriteAllText(record, File.ReadAllText(record).Replace(before, SafeTuneBed.Data.FileDigest.Read(scores), StringComparison.Ordinal));
        }

        bed.Models.OnAnswer = _ => throw new InvalidOperationException("no answer");

        var failure = await Assert.ThrowsAsync<GridFailedException>(() => runner.RunAsync(FakeBed.Grid("lora")));

        Assert.Equal("no answer", failure.Failures[0].Exception.Message);
        Assert.Equal("report", failure.Failures[^1].Cell);
        Assert.Empty(failure.Report.Rows);
    }

    [Fact]
    public async Task Scores_MetricThatIsShownWithoutScores_SaysWhichOfTheTwoIsMissing()
    {
        await using ExperimentRunner runner = bed.Runner();
        GridReport report = await runner.RunAsync(FakeBed.Grid("none") with { Baseline = null });
        ReportRow row = report.Rows[0];
        ReportRow foreign = row with { Metrics = [.. row.Metrics, new MetricValue { Key = "made-up/rate" }] };

        string shown = Assert.Throws<ConfigurationException>(() => report.Scores(foreign, "made-up/rate")).Message;
        Assert.Contains("shows the metric 'made-up/rate', but the scores behind it are not in the report", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("has no metric", shown, StringComparison.Ordinal);
        Assert.EndsWith("It has scores of: word-rate/rate, task-rate/rate. Take rows and comparisons from the same report.", shown, StringComparison.Ordinal);
        Assert.Contains("has no metric 'x'", Assert.Throws<ConfigurationException>(() => report.Scores(row, "x")).Message, StringComparison.Ordinal);
    }

    private void FailTheTaskOfSeed1()
    {
        // Answers tell cells apart by nothing but their order: with one worker the second cell of either data set is seed 1.
        int asked = 0;
        bed.Models.OnAnswer = prompt =>
        {
            if (prompt == "Question 2 of task" && asked++ is 1 or 4)
            {
                throw new InvalidOperationException("no answer");
            }
        };
    }

    private sealed class FailingWriter : IReportWriter
    {
        public Task<IReadOnlyList<string>> WriteAsync(GridReport report, string folder, CancellationToken cancellationToken) => throw new InvalidOperationException("the writer broke");
    }

    private sealed class NamesWriter : IReportWriter
    {
        public async Task<IReadOnlyList<string>> WriteAsync(GridReport report, string folder, CancellationToken cancellationToken)
        {
            string path = Path.Combine(folder, "names.txt");
            await File.WriteAllTextAsync(path, report.Name, cancellationToken);
            return [path];
        }
    }
}
