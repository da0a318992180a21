using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.Core.Running;

public sealed class ExperimentRunnerTests : IDisposable
{
    private readonly FakeBed bed = new();

    public void Dispose() => bed.Dispose();

    [Fact]
    public async Task Run_FreshGrid_TrainsEachTrainedCellOnceAndAnUntrainedModelForOneSeed()
    {
        await using ExperimentRunner runner = bed.Runner();
        GridReport report = await runner.RunAsync(FakeBed.Grid());

        Assert.Equal(["0/20 seed 0", "0/20 seed 1", "0/20 seed 2", "6/20 seed 0", "6/20 seed 1", "6/20 seed 2"], bed.Models.Trained.Order());
        Assert.Equal(["none task-benign", "none task-high", "lora task-benign", "lora task-high"], report.Rows.Select(r => $"{r.Method} {r.Dataset}"));
        Assert.Equal([0UL], report.Rows[0].Seeds);
        Assert.Equal([0UL, 1, 2], report.Rows[3].Seeds);
        Assert.Null(report.Rows[1].PoisonRatio);
        Assert.Equal(0.3m, report.Rows[3].PoisonRatio);
        Assert.Equal(["word-rate/rate", "task-rate/rate"], report.Rows[3].Metrics.Select(m => m.Key));
        Assert.Equal([30, 15], report.Rows[3].Metrics.Select(m => m.Count));
        Assert.Equal(["made up"], report.Rows[3].Warnings);
        Assert.Equal(0, bed.Models.LiveWorkers);
        Assert.Equal(0, bed.Models.LiveArtifacts);
        Assert.Equal(8, bed.Files("run.json").Length);
        Assert.Equal(16, bed.Files("metrics.json").Length);
        Assert.Empty(bed.Files("*" + DurableFile.Unfinished));
    }

    [Fact]
    public async Task Run_UntrainedModelOnTwoDataSets_AnswersOnceForBoth()
    {
        await using ExperimentRunner runner = bed.Runner();
        await runner.RunAsync(FakeBed.Grid("none") with { Baseline = null });

        Assert.Equal(15, bed.Models.Generated.Count); // 10 prompts and 5 task rows, although there are two cells
        Assert.Equal(4, bed.Files("metrics.json").Length);
    }

    [Fact]
    public async Task Run_UntrainedModelOnAFurtherDataSetLater_TakesTheAnswersOver()
    {
        await using ExperimentRunner runner = bed.Runner();
        ExperimentGrid grid = FakeBed.Grid("none") with { Baseline = null, Datasets = ["task-benign"] };
        await runner.RunAsync(grid);
        bed.Models.Reset();

        await runner.RunAsync(grid with { Datasets = ["task-benign", "task-high"] });

        Assert.Empty(bed.Models.Generated);
    }

    [Fact]
    public async Task Run_Again_ReusesEverythingAndLoadsNothing()
    {
        await using ExperimentRunner first = bed.Runner();
        GridReport before = await first.RunAsync(FakeBed.Grid());
        string[] written = [.. bed.Files("*.json*").Select(f => f + File.GetLastWriteTimeUtc(f).Ticks)];
        int workers = bed.Models.Workers;
        bed.Models.Reset();

        await using ExperimentRunner second = bed.Runner();
        GridReport after = await second.RunAsync(FakeBed.Grid());

        Assert.Empty(bed.Models.Trained);
        Assert.Empty(bed.Models.Generated);
        Assert.Equal(0, bed.Models.Preflights);
        Assert.Equal(workers, bed.Models.Workers);
        Assert.Equal(written, bed.Files("*.json*").Select(f => f + File.GetLastWriteTimeUtc(f).Ticks));
        Assert.Equal(before.Rows.SelectMany(r => r.Metrics).Select(m => m.Value), after.Rows.SelectMany(r => r.Metrics).Select(m => m.Value));
        Assert.Contains("8 were done before", after.Notes[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ChangedRecipeOfOneDataSet_RepeatsItsCellsAlone()
    {
        await using ExperimentRunner runner = bed.Runner();
        await runner.RunAsync(FakeBed.Grid());
        bed.Models.Reset();

        bed.Data.Datasets["task-high"] = FakeData.Dataset("task-high", 0.3m, new TrainingOptions { LearningRate = 1e-3 });
        await runner.RunAsync(FakeBed.Grid());

        Assert.Equal(["6/20 seed 0", "6/20 seed 1", "6/20 seed 2"], bed.Models.Trained.Order());
        Assert.Equal(45, bed.Models.Generated.Count);
    }

    [Theory]
    [InlineData("training")]
    [InlineData("lora")]
    [InlineData("method option")]
    public async Task Run_ChangedSetting_RepeatsEveryTrainedCellAndNotTheUntrainedOnes(string what)
    {
        await using ExperimentRunner runner = bed.Runner();
        await runner.RunAsync(FakeBed.Grid());
        bed.Models.Reset();

        await using ExperimentRunner other = bed.Runner(
            b =>
            {
                b.ConfigureTraining(t => t.WeightDecay = what == "training" ? 0.1 : null);
                b.ConfigureLora(l => l.TargetModules = what == "lora" ? ["q_proj"] : null);
            },
            method: what == "method option" ? o => o.Rho = 2 : null);
        await other.RunAsync(FakeBed.Grid());

        Assert.Equal(6, bed.Models.Trained.Count);
        Assert.Equal(6 * 15, bed.Models.Generated.Count);
    }

    [Fact]
    public async Task Run_ChangedScoring_ScoresStoredAnswersWithoutTrainingOrGenerating()
    {
        await using ExperimentRunner runner = bed.Runner();
        GridReport before = await runner.RunAsync(FakeBed.Grid());
        bed.Models.Reset();

        await using ExperimentRunner other = bed.Runner(word: o => o.Word = "yes");
        GridReport after = await other.RunAsync(FakeBed.Grid());

        Assert.Empty(bed.Models.Trained);
        Assert.Empty(bed.Models.Generated);
        foreach (var (old, now) in before.Rows.Zip(after.Rows))
        {
            Assert.Equal(1, old["word-rate/rate"]!.Value!.Value + now["word-rate/rate"]!.Value!.Value, 12); // the fake says either the one or the other
        }
    }

    [Fact]
    public async Task Run_ChangedDecoding_AnswersAgainWithoutTraining()
    {
        await using ExperimentRunner runner = bed.Runner();
        await runner.RunAsync(FakeBed.Grid());
        bed.Models.Reset();

        await using ExperimentRunner other = bed.Runner(word: o => o.MaxNewTokens = 7);
        await other.RunAsync(FakeBed.Grid());

        Assert.Empty(bed.Models.Trained);
        Assert.Equal((6 + 1) * 10, bed.Models.Generated.Count); // six trained cells and the one shared by the untrained
    }

    [Fact]
    public async Task Run_DifferentConcurrency_GivesTheSameFiles()
    {
        using var other = new FakeBed();
        await using ExperimentRunner one = bed.Runner(b => b.UseConcurrency(1));
        await using ExperimentRunner four = other.Runner(b => b.UseConcurrency(4));
        GridReport a = await one.RunAsync(FakeBed.Grid());
        GridReport b = await four.RunAsync(FakeBed.Grid());

        Assert.Equal(a.Rows.SelectMany(r => r.Metrics).Select(m => (m.Key, m.Value, m.Count)), b.Rows.SelectMany(r => r.Metrics).Select(m => (m.Key, m.Value, m.Count)));
        foreach (string name in new[] { "weights.txt", "scores.jsonl", "generations.jsonl" })
        {
            Assert.Equal(bed.Files(name).Select(f => Path.GetRelativePath(bed.Folder, f)), other.Files(name).Select(f => Path.GetRelativePath(other.Folder, f)));
            Assert.Equal(bed.Files(name).Select(File.ReadAllText), other.Files(name).Select(File.ReadAllText));
        }

        Assert.Equal(["1"], other.Models.Threads.Keys); // small models: one thread each, however many run
    }

    [Fact]
    public async Task Run_LargeModel_RunsOneCellAtATimeWithTheWholeMachine()
    {
        bed.Models.WeightBytes = 10L << 30;
        await using ExperimentRunner runner = bed.Runner(b => BedSettings.Of(b.Services).MaxConcurrency = null);
        await runner.RunAsync(FakeBed.Grid("lora"));

        Assert.Equal(1, bed.Models.Workers);
        Assert.Equal([Environment.ProcessorCount.ToString(System.Globalization.CultureInfo.InvariantCulture)], bed.Models.Threads.Keys);
    }

    [Fact]
    public async Task Run_WithBaseline_ComparesEachRowOnItsDataSetSeedBySeed()
    {
        await using ExperimentRunner runner = bed.Runner(b => b.AddMethod<OtherMethod>("other"));
        GridReport report = await runner.RunAsync(FakeBed.Grid("none", "lora", "other") with { Datasets = ["task-high"] });

        ReportRow none = report.Row("none", "task-high"), lora = report.Row("lora", "task-high"), other = report.Row("other", "task-high");
        Assert.Empty(lora.VersusBaseline);
        Assert.Equal(30, none.VersusBaseline["word-rate/rate"].Pairs); // one list of answers beside each of three seeds
        Assert.Equal(30, other.VersusBaseline["word-rate/rate"].Pairs);
        Assert.Equal(1.0, other.VersusBaseline["word-rate/rate"].AdjustedPValue); // a family of two
        Assert.Equal(other["word-rate/rate"]!.Value!.Value - lora["word-rate/rate"]!.Value!.Value, other.VersusBaseline["word-rate/rate"].Difference!.Value, 12);
        Assert.Equal(30, report.Compare(none, lora, "word-rate/rate").Pairs);
    }

    [Fact]
    public async Task Run_RowsForTraining_KnowEveryPromptThatWillBeAsked()
    {
        await using ExperimentRunner runner = bed.Runner();
        await runner.RunAsync(FakeBed.Grid("lora") with { Evaluators = ["word-rate", "word-rate@advbench"] });

        Assert.All(bed.Data.Asked, a => Assert.Equal(20, a.Prompts.Count));
        Assert.All(bed.Data.Asked, a => Assert.Equal(5, a.Examples.Count)); // also the task's own evaluation rows, though nobody asks them here
    }

    [Fact]
    public async Task Run_RegisteredFormats_FillTheReportFolderAfresh()
    {
        await using ExperimentRunner runner = bed.Runner(b => b.AddReportWriter<LineWriter>("lines"));
        await runner.RunAsync(FakeBed.Grid("lora") with { Datasets = ["task-high"], Seeds = [0] });
        string file = Path.Combine(bed.Folder, "grid-1", "report", "lines.txt");
        Assert.Equal("lora task-high 1", File.ReadAllText(file));
        File.WriteAllText(Path.Combine(bed.Folder, "grid-1", "report", "old.txt"), "of an earlier run");

        await runner.RunAsync(FakeBed.Grid("lora") with { Datasets = ["task-high"], Seeds = [0, 1] });

        Assert.Equal("lora task-high 2", File.ReadAllText(file));
        Assert.Equal(["lines.txt", ReportFolder.ListName], Directory.GetFiles(Path.GetDirectoryName(file)!).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Run_WithoutAnAggregator_SaysWhichCallIsMissing()
    {
        await using ExperimentRunner runner = bed.Runner(b => Microsoft.Extensions.DependencyInjection.Extensions.ServiceCollectionDescriptorExtensions.RemoveAll<IMetricAggregator>(b.Services));
        Assert.Contains("AddEvaluators()", (await Assert.ThrowsAsync<ConfigurationException>(() => runner.RunAsync(FakeBed.Grid()))).Message, StringComparison.Ordinal);
        Assert.Empty(bed.Models.Trained);
    }

    [Fact]
    public async Task Run_Progress_CountsCellsStepsAndItems()
    {
        var heard = new Listener();
        await using ExperimentRunner runner = bed.Runner(b => b.UseConcurrency(1));
        await runner.RunAsync(FakeBed.Grid("lora") with { Datasets = ["task-high"], Seeds = [3] }, heard);

        Assert.Equal(RunPhase.Planning, heard.All[0].Phase);
        Assert.Equal([0, 1, 2, 3], heard.All.Where(p => p.Phase == RunPhase.Training).Select(p => p.Step));
        Assert.Equal((10, 10), heard.All.Where(p => p.Evaluator == "word-rate").Select(p => (p.Items, p.TotalItems)).Last());
        Assert.Equal((RunPhase.Finished, 1, 1, "sandbox / lora / task-high / seed 3"), (heard.All[^1].Phase, heard.All[^1].CompletedCells, heard.All[^1].TotalCells, heard.All[^1].Cell));
    }

    private sealed class Listener : IProgress<RunProgress>
    {
        public List<RunProgress> All { get; } = [];

        public void Report(RunProgress value)
        {
            lock (All)
            {
                All.Add(value);
            }
        }
    }

    private sealed class LineWriter : IReportWriter
    {
        public async Task<IReadOnlyList<string>> WriteAsync(GridReport report, string folder, CancellationToken cancellationToken)
        {
            string path = Path.Combine(folder, "lines.txt");
            await File.WriteAllTextAsync(path, string.Join('\n', report.Rows.Select(r => $"{r.Method} {r.Dataset} {r.Seeds.Count}")), cancellationToken);
            return [path];
        }
    }
}
