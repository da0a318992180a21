using System.Text.Json.Nodes;
using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.Core.Running;

/// <summary>Alignment stages in a grid: made once, shared, found again, resumed, and told by plan and record.</summary>
public sealed class AlignmentStageTests : IDisposable
{
    private static readonly ExperimentGrid Grid = FakeBed.Grid("lora", "guard", "guard+other") with { Seeds = [0, 1] };
    private readonly FakeBed bed = new();

    public void Dispose() => bed.Dispose();

    [Fact]
    public async Task Run_ManyCells_TrainEachStageOnceAndShareIt()
    {
        await using ExperimentRunner runner = Runner();
        await runner.RunAsync(Grid);

        Assert.Equal(["align 0/20 seed", "align 0/20 seed"], bed.Models.Trained.Where(t => t.StartsWith("align", StringComparison.Ordinal)).Select(t => t[..t.LastIndexOf(' ')]));
        Assert.Equal(2 + (3 * 2 * 2), bed.Models.Trained.Count); // a stage for each seed; three methods on two data sets
        Assert.Equal(0, bed.Models.LiveArtifacts);
        string[] stages = Stages();
        Assert.Equal(2, stages.Length);
        Assert.All(stages, s => Assert.StartsWith(Path.Combine(bed.Folder, "grid-1", "sandbox", "guard", "alignment", "seed-"), s, StringComparison.Ordinal));
        Assert.All(Records("guard+lora").Concat(Records("guard+other")), r => Assert.Contains(r["source"]!["fingerprint"]!.GetValue<string>(), stages.Select(s => JsonNode.Parse(File.ReadAllText(s))!["fingerprint"]!.GetValue<string>())));
        JsonNode record = JsonNode.Parse(File.ReadAllText(stages[0]))!;
        Assert.Equal((3.0, 4, "sandbox-guide"), (record["training"]!["epochs"]!.GetValue<double>(), record["training"]!["batchSize"]!.GetValue<int>(), record["dataset"]!.GetValue<string>()));
        Assert.Equal(20, record["streams"]!["align"]!["rows"]!.GetValue<int>());
        Assert.Null(Records("lora").First()["source"]);
    }

    [Fact]
    public async Task Run_StageBeneath_ChangesTheWeightsAndNothingOfThePlainCells()
    {
        await using ExperimentRunner runner = Runner();
        await runner.RunAsync(Grid with { Seeds = [0], Datasets = ["task-high"] });
        string[] weights = [.. new[] { "lora", "guard+lora" }.Select(m => File.ReadAllText(bed.Files("weights.txt").Single(f => f.Contains(Path.Combine("sandbox", m, "task-high"), StringComparison.Ordinal))))];
        Assert.NotEqual(weights[0], weights[1]);

        using var alone = new FakeBed();
        await using ExperimentRunner other = alone.Runner();
        await other.RunAsync(FakeBed.Grid("lora") with { Seeds = [0], Datasets = ["task-high"] });
        Assert.Equal(weights[0], File.ReadAllText(alone.Files("weights.txt").Single()));
        Assert.Equal(Path.GetFileName(Path.GetDirectoryName(alone.Files("run.json").Single())), Path.GetFileName(Path.GetDirectoryName(bed.Files("run.json").Single(f => f.Contains(Path.Combine("sandbox", "lora"), StringComparison.Ordinal)))));
    }

    [Fact]
    public async Task Run_OtherDataOrShareOfPoisonLater_ReusesTheStage()
    {
        await using ExperimentRunner runner = Runner();
        await runner.RunAsync(Grid with { Seeds = [0], Datasets = ["task-benign"], Methods = ["lora", "guard"] });
        string stage = Assert.Single(Stages());
        bed.Models.Reset();

        GridPlan plan = await runner.PlanAsync(Grid with { Seeds = [0], Methods = ["lora", "guard"] });
        Assert.Equal(PlannedWork.Reuse, Assert.Single(plan.Stages).Training);
        await runner.RunAsync(Grid with { Seeds = [0], Methods = ["lora", "guard"] });

        Assert.DoesNotContain(bed.Models.Trained, t => t.StartsWith("align", StringComparison.Ordinal));
        Assert.Equal([stage], Stages());
    }

    [Fact]
    public async Task Run_SettingOfTheStage_TrainsItAnewAndSettingsOfTheUserDoNot()
    {
        await using (ExperimentRunner first = Runner())
        {
            await first.RunAsync(Grid with { Seeds = [0], Datasets = ["task-high"], Methods = ["lora", "guard"] });
        }

        await using (ExperimentRunner user = Runner(b => b.ConfigureTraining(t => t.LearningRate = 0.5).ConfigureLora(l => l.Alpha = 99)))
        {
            await user.RunAsync(Grid with { Seeds = [0], Datasets = ["task-high"], Methods = ["lora", "guard"], Training = new TrainingOptions { Epochs = 9 }, Lora = new LoraOptions { Rank = 3 } });
        }

        Assert.Single(Stages());
        await using (ExperimentRunner other = Runner(b => b.AddMethod<FakeAlignment, FakeAlignmentOptions>("guard", o => o.Training.LearningRate = 0.01)))
        {
            await other.RunAsync(Grid with { Seeds = [0], Datasets = ["task-high"], Methods = ["lora", "guard"] });
        }

        Assert.Equal(2, Stages().Length);
    }

    [Fact]
    public async Task Plan_Stage_IsCountedOnceWithItsSteps()
    {
        await using ExperimentRunner runner = Runner();
        GridPlan plan = await runner.PlanAsync(Grid);

        Assert.Equal([("guard", 0ul, 4), ("guard", 1ul, 4)], plan.Stages.Select(s => (s.Method, s.Seed, s.Cells)));
        Assert.All(plan.Stages, s => Assert.Equal((20, 15, "sandbox-guide", PlannedWork.Run), (s.Rows, s.Steps, s.Dataset, s.Training))); // 3 epochs of 20 rows by fours
        Assert.Equal(plan.Cells.Sum(c => c.Steps) + 30, plan.RemainingSteps);
        Assert.Contains("Shared by 4 cells: guard on sandbox, seed 1, 20 rows of sandbox-guide", plan.ToString(), StringComparison.Ordinal);
        await runner.RunAsync(Grid);
        GridPlan after = await runner.PlanAsync(Grid);
        Assert.Equal(0, after.RemainingSteps);
        Assert.All(after.Cells, c => Assert.True(c.IsDone));
    }

    [Fact]
    public async Task Run_StageFails_FailsItsCellsAfterOneAttemptAndNoOthers()
    {
        int attempts = 0;
        bed.Models.OnStep = (name, step) =>
        {
            if (name.StartsWith("align", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref attempts);
                throw new TrainingDivergedException(step, double.NaN);
            }
        };
        await using ExperimentRunner runner = Runner();
        var error = await Assert.ThrowsAsync<GridFailedException>(() => runner.RunAsync(Grid with { Seeds = [0] }));

        Assert.Equal(1, attempts);
        Assert.Equal(4, error.Failures.Count);
        Assert.All(error.Failures, f => Assert.Contains("It rests on sandbox / guard / sandbox-guide / seed 0, which failed", f.Exception.Message, StringComparison.Ordinal));
        Assert.Equal(2, bed.Models.Trained.Count); // lora on both data sets
        Assert.Equal(0, bed.Models.LiveArtifacts);
        bed.Models.Reset();
        await runner.RunAsync(Grid with { Seeds = [0] });
        Assert.Single(Stages());
    }

    [Fact]
    public async Task Run_StageHeldByAnotherRun_WaitsForIt()
    {
        await using ExperimentRunner runner = Runner();
        ExperimentGrid grid = Grid with { Seeds = [0], Datasets = ["task-high"], Methods = ["lora", "guard"] };
        string folder = Assert.Single((await runner.PlanAsync(grid)).Stages).Folder;
        string root = Path.Combine(bed.Folder, "grid-1");
        CellLock held = CellLock.TryTake(Path.Combine(root, RunStore.LockFolder, CanonicalJson.Hash(Path.GetRelativePath(root, folder))[..32]))!;
        var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<GridReport> run = runner.RunAsync(grid, new Hearing(p =>
        {
            if (p.Phase == RunPhase.Waiting)
            {
                waiting.TrySetResult();
            }
        }));
        await waiting.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Empty(Stages());
        held.Dispose();

        Assert.Equal(2, (await run).Rows.Count);
        Assert.Single(Stages());
    }

    [Fact]
    public async Task Run_DamagedStage_IsMadeAgainOnlyWhenItIsNeeded()
    {
        await using ExperimentRunner runner = Runner();
        ExperimentGrid grid = Grid with { Seeds = [0], Datasets = ["task-high"], Methods = ["lora", "guard"] };
        await runner.RunAsync(grid);
        File.WriteAllText(Path.Combine(Path.GetDirectoryName(Stages().Single())!, "artifact", "weights.txt"), "damaged");
        bed.Models.Reset();

        await runner.RunAsync(grid);
        Assert.Empty(bed.Models.Trained);
        await runner.RunAsync(grid with { Datasets = ["task-high", "task-benign"] });
        Assert.Single(bed.Models.Trained, t => t.StartsWith("align", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_DefendersRows_MayNotAskWhatAnyCellAsksOrLearns()
    {
        await using ExperimentRunner runner = Runner();
        await runner.PlanAsync(Grid with { Seeds = [0], Methods = ["guard"], Baseline = null });
        EvaluationPrompts asked = bed.Data.Asked.Last(a => a.Prompts.Count > 10);
        Assert.Equal(10 + 6, asked.Prompts.Count); // the sandbox's ten prompts and the six poison rows of task-high
        Assert.Contains(asked.Prompts, p => p.Prompt == "task harmful 0 0");
    }

    [Fact]
    public async Task Plan_StageWithoutRows_NamesTheRemedy()
    {
        await using ExperimentRunner runner = Runner();
        GridPlan plan = await runner.PlanAsync(Grid with { Models = [ModelReference.Folder("other")], Evaluators = ["task-rate"], Baseline = "lora" });
        Assert.Contains("The method 'guard' asks for the data stream 'align'", Assert.Single(plan.Problems), StringComparison.Ordinal);
        Assert.Equal(["lora"], plan.Cells.Select(c => c.Method).Distinct());
    }

    [Fact]
    public async Task Run_StageWithoutFineTuning_IsEvaluatedAsItIsForEverySeed()
    {
        await using ExperimentRunner runner = Runner();
        GridReport report = await runner.RunAsync(Grid with { Methods = ["none", "lora", "guard", "guard+none"], Datasets = ["task-high"] });

        Assert.Equal(["none", "lora", "guard+lora", "guard+none"], report.Rows.Select(r => r.Method));
        Assert.Equal([1, 2, 2, 2], report.Rows.Select(r => r.Seeds.Count));
        Assert.Equal(2, Stages().Length); // shared with the cells that are fine-tuned
        Assert.Equal(2 + (2 * 2), bed.Models.Trained.Count(t => !t.StartsWith("none", StringComparison.Ordinal)));
        Assert.Null(report.Rows[3].PoisonRatio);
        Assert.Equal([true, false, false, false], report.Rows.Select(r => r.IsUntouched));
        Assert.Equal("20", report.Rows[3].Settings["Stage:guard:Rows"]);
        Assert.All(Records("guard+none"), r => Assert.Contains(r["source"]!["fingerprint"]!.GetValue<string>(), Stages().Select(s => JsonNode.Parse(File.ReadAllText(s))!["fingerprint"]!.GetValue<string>())));
        Assert.NotEqual(Records("guard+none").First()["fingerprint"]!.GetValue<string>(), Records("none").First()["fingerprint"]!.GetValue<string>());
        bed.Models.Reset();
        await runner.RunAsync(Grid with { Methods = ["guard+none"], Datasets = ["task-high"], Baseline = null });
        Assert.Empty(bed.Models.Trained);
    }

    [Fact]
    public async Task Run_GradientCheckpointingOfAStage_ReusesIt()
    {
        ExperimentGrid one = Grid with { Seeds = [0], Datasets = ["task-high"], Methods = ["guard"], Baseline = null };
        foreach (bool? saves in new bool?[] { null, true, false })
        {
            await using ExperimentRunner runner = Runner(b => b.AddMethod<FakeAlignment, FakeAlignmentOptions>("guard", o => o.Training.GradientCheckpointing = saves));
            await runner.RunAsync(one);
        }

        Assert.Single(Stages());
        Assert.Equal(2, bed.Models.Trained.Count);
    }

    [Fact]
    public async Task Run_Report_TellsStreamsAndStages()
    {
        await using ExperimentRunner runner = Runner();
        GridReport report = await runner.RunAsync(Grid with { Seeds = [0], Datasets = ["task-high"], Methods = ["lora", "guard"] });
        IReadOnlyDictionary<string, string> settings = report.Rows[1].Settings;
        Assert.Equal(("20", "15"), (settings["Stage:guard:Rows"], settings["Stage:guard:Steps"]));
        Assert.Matches("^20 rows of sandbox-guide [0-9a-f]{16}$", settings["Stage:guard:Stream:align"]);
        Assert.DoesNotContain(report.Rows[0].Settings.Keys, k => k.Contains("Stage", StringComparison.Ordinal) || k.Contains("Stream", StringComparison.Ordinal));
    }

    private ExperimentRunner Runner(Action<ISafeTuneBedBuilder>? more = null) => bed.Runner(b =>
    {
        b.AddMethod<FakeAlignment, FakeAlignmentOptions>("guard").AddMethod<OtherMethod>("other");
        more?.Invoke(b);
    });

    private string[] Stages() => [.. bed.Files("run.json").Where(f => f.Contains("alignment", StringComparison.Ordinal))];

    private IEnumerable<JsonNode> Records(string method) => bed.Files("run.json").Where(f => f.Contains(Path.Combine("sandbox", method) + Path.DirectorySeparatorChar, StringComparison.Ordinal)).Select(f => JsonNode.Parse(File.ReadAllText(f))!);

    private sealed class Hearing(Action<RunProgress> hear) : IProgress<RunProgress>
    {
        public void Report(RunProgress value) => hear(value);
    }
}
