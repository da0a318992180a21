using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.Core.Running;

/// <summary>One missing corpus or broken model stands in the way of its own cells alone.</summary>
public sealed class BlockedCellTests : IDisposable
{
    private readonly FakeBed bed = new();

    public void Dispose() => bed.Dispose();

    // Two models, two data sets, none and lora with two seeds: 12 cells; the broken model blocks 6 of them, the licence 3 of the other 6.
    private static ExperimentGrid Grid => FakeBed.Grid() with
    {
        Models = [ModelReference.Sandbox, ModelReference.Folder("missing-model") with { Name = "broken" }],
        Datasets = ["task-high", FakeData.Dataset("licensed-x")],
        Evaluators = ["word-rate@sandbox", "task-rate"],
        Seeds = [0, 1],
    };

    [Fact]
    public async Task Plan_BrokenModelAndMissingLicence_ShowsTheOtherCellsAndWhatBlocksEach()
    {
        await using ExperimentRunner runner = bed.Runner();
        GridPlan plan = await runner.PlanAsync(Grid);

        Assert.False(plan.CanRun);
        Assert.Equal(["none task-high", "lora task-high", "lora task-high"], plan.Cells.Select(c => $"{c.Method} {c.Dataset}"));
        Assert.All(plan.Cells, c => Assert.Equal("sandbox", c.Model));
        Assert.Equal(9, plan.Blocked.Count);
        BlockedCell both = plan.Blocked.First(b => b is { Model: "broken", Dataset: "licensed-x", Method: "lora" });
        Assert.Equal(2, both.Problems.Count);
        Assert.Equal(2, plan.Problems.Count);
        string[] lines = plan.ToString().Split('\n');
        Assert.StartsWith("Grid 'Grid 1': 3 of 12 cells in ", lines[0], StringComparison.Ordinal);
        Assert.EndsWith("; 9 blocked", lines[0], StringComparison.Ordinal);
        Assert.Contains(lines, l => l == "  blocks sandbox / none / licensed-x / seed 0, and 5 more");
        Assert.Contains(lines, l => l == "  blocks broken / none / task-high / seed 0, and 5 more");
        Assert.Contains(lines, l => l.Contains("SkipBlocked = true", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_BlockedCells_AreRefusedWithEveryCauseAndNothingStarts()
    {
        await using ExperimentRunner runner = bed.Runner();
        string message = (await Assert.ThrowsAsync<ConfigurationException>(() => runner.RunAsync(Grid))).Message;

        Assert.Contains("for 2 reasons", message, StringComparison.Ordinal);
        Assert.Contains("missing-model: the folder does not exist.", message, StringComparison.Ordinal);
        Assert.Contains("AcceptLicenses", message, StringComparison.Ordinal);
        Assert.Contains("3 of 12 cells could run", message, StringComparison.Ordinal);
        Assert.Empty(bed.Models.Trained);
        Assert.Empty(Directory.GetFileSystemEntries(bed.Folder));
    }

    [Fact]
    public async Task Run_SkippingBlocked_RunsTheOthersAndReportsTheRest()
    {
        var heard = new Listener();
        await using ExperimentRunner runner = bed.Runner();
        ExperimentGrid grid = Grid with { SkipBlocked = true };
        Assert.True((await runner.PlanAsync(grid)).CanRun);

        GridReport report = await runner.RunAsync(grid, heard);

        Assert.Equal(["none task-high", "lora task-high"], report.Rows.Select(r => $"{r.Method} {r.Dataset}"));
        Assert.Equal(2, bed.Models.Trained.Count);
        Assert.Contains("9 more were blocked and left out.", report.Notes[0], StringComparison.Ordinal);
        Assert.Contains(report.Notes, n => n.StartsWith("Not run: broken / none / task-high / seed 0, and 5 more: missing-model", StringComparison.Ordinal));
        Assert.Contains(report.Notes, n => n.StartsWith("Not run: sandbox / none / licensed-x", StringComparison.Ordinal));
        Assert.All(heard.All.Where(p => p.TotalCells > 0), p => Assert.Equal(3, p.TotalCells)); // what is left out is not waited for
        Assert.Equal(3, heard.All.Max(p => p.CompletedCells));
    }

    [Fact]
    public async Task Run_SkippingWhenEverythingIsBlocked_IsRefused()
    {
        await using ExperimentRunner runner = bed.Runner();
        ExperimentGrid grid = Grid with { SkipBlocked = true, Models = ["missing-model"] };
        Assert.False((await runner.PlanAsync(grid)).CanRun);
        await Assert.ThrowsAnyAsync<SafeTuneBedException>(() => runner.RunAsync(grid));
    }

    [Fact]
    public async Task Run_SkippingWithAnUnknownName_IsRefusedAllTheSame()
    {
        await using ExperimentRunner runner = bed.Runner();
        string message = (await Assert.ThrowsAsync<ConfigurationException>(() => runner.RunAsync(Grid with { SkipBlocked = true, Methods = ["none", "lora", "lroa"] }))).Message;
        Assert.Contains("There is no method 'lroa'", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_GridFaultsBesideBrokenParts_TellsBoth()
    {
        await using ExperimentRunner runner = bed.Runner();
        GridPlan plan = await runner.PlanAsync(Grid with { Methods = ["lroa", "lora"], Baseline = null, Datasets = [FakeData.Dataset("task-odd") with { Count = 5000 }, "task-hihg"], Training = new() { LearningRate = -1 } });

        foreach (string text in new[] { "There is no method 'lroa'", "There is no data set 'task-hihg'", "LearningRate", "missing-model: the folder does not exist." })
        {
            Assert.Contains(plan.Problems, p => p.Contains(text, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Plan_BrokenModelOfManyCells_IsDescribedOnce()
    {
        await using ExperimentRunner runner = bed.Runner();
        await runner.PlanAsync(Grid with { Models = ["missing-model"] });
        Assert.Equal(1, bed.Models.Described);
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
}
