using System.Text.Json.Nodes;
using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.Core.Running;

public sealed class ResumeTests : IDisposable
{
    private static readonly ExperimentGrid Grid = FakeBed.Grid("lora") with { Datasets = ["task-high"], Seeds = [0, 1, 2, 3] };
    private readonly FakeBed bed = new();

    public void Dispose() => bed.Dispose();

    [Theory]
    [InlineData("metrics.json")]
    [InlineData("scores.jsonl")]
    public async Task Resume_DeletedResult_IsMadeAgainFromStoredAnswersAlone(string name)
    {
        double?[] before = await RunAsync();
        string victim = bed.Files(name)[2];
        string content = File.ReadAllText(victim);
        File.Delete(victim);

        Assert.Equal(before, await RunAsync());
        Assert.Empty(bed.Models.Trained);
        Assert.Empty(bed.Models.Generated);
        if (name == "scores.jsonl")
        {
            Assert.Equal(content, File.ReadAllText(victim));
        }
        else
        {
            Assert.Equal(JsonNode.Parse(content)!["metrics"]!.ToJsonString(), JsonNode.Parse(File.ReadAllText(victim))!["metrics"]!.ToJsonString());
        }
    }

    [Theory]
    [InlineData("text changed")]
    [InlineData("cut in the middle")]
    [InlineData("not JSON")]
    [InlineData("gone")]
    [InlineData("torn last line")]
    public async Task Resume_DamagedLine_IsAnsweredAgainAlone(string damage)
    {
        double?[] before = await RunAsync();
        string victim = bed.Files("generations.jsonl").First(f => f.Contains("word-rate", StringComparison.Ordinal));
        string[] lines = File.ReadAllLines(victim);
        Assert.Equal(10, lines.Length);
        int at = damage == "torn last line" ? 9 : 4;
        string prompt = JsonNode.Parse(lines[at])!["id"]!.GetValue<string>();
        string[] damaged = damage switch
        {
            "text changed" => [.. lines[..at], lines[at].Replace("\"text\":\"", "\"text\":\"x", StringComparison.Ordinal), .. lines[(at + 1)..]],
            "cut in the middle" => [.. lines[..at], lines[at][..40], .. lines[(at + 1)..]],
            "not JSON" => [.. lines[..at], "%%%", .. lines[(at + 1)..]],
            "gone" => [.. lines[..at], .. lines[(at + 1)..]],
            _ => lines,
        };
        File.WriteAllText(victim, damage == "torn last line" ? string.Join('\n', lines)[..^20] : string.Join('\n', damaged) + "\n");

        Assert.Equal(before, await RunAsync());
        Assert.Empty(bed.Models.Trained);
        Assert.Equal($"Do {prompt.Split('-')[1]} of sandbox", Assert.Single(bed.Models.Generated));
        Assert.Equal(lines.Order(), File.ReadAllLines(victim).Order());
    }

    [Fact]
    public async Task Resume_WholeLinesButNoLastNewline_LosesNothing()
    {
        await RunAsync();
        string victim = bed.Files("generations.jsonl")[0];
        File.WriteAllText(victim, File.ReadAllText(victim).TrimEnd('\n'));

        await RunAsync();

        Assert.Empty(bed.Models.Generated);
        Assert.EndsWith("\n", File.ReadAllText(victim), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("artifact changed")]
    [InlineData("artifact cut")]
    [InlineData("artifact gone")]
    [InlineData("record gone")]
    [InlineData("record torn")]
    [InlineData("record of another run")]
    public async Task Resume_DamagedTraining_TrainsThatCellAgainAlone(string damage)
    {
        double?[] before = await RunAsync();
        string record = bed.Files("run.json")[1];
        string weights = Path.Combine(Path.GetDirectoryName(record)!, "artifact", "weights.txt");
        switch (damage)
        {
            case "artifact changed":
                File.WriteAllText(weights, new string('x', File.ReadAllText(weights).Length));
                break;
            case "artifact cut":
                File.WriteAllText(weights, File.ReadAllText(weights)[..10]);
                break;
            case "artifact gone":
                Directory.Delete(Path.GetDirectoryName(weights)!, recursive: true);
                break;
            case "record gone":
                File.Delete(record);
                break;
            case "record torn":
                File.WriteAllText(record, File.ReadAllText(record)[..50]);
                break;
            default:
                string text = File.ReadAllText(record);
                string hash = JsonNode.Parse(text)!["fingerprint"]!.GetValue<string>();
                File.WriteAllText(record, text.Replace(hash, hash[..8] + new string('0', 56), StringComparison.Ordinal)); // the same eight digits, another hash
                break;
        }

        Assert.Equal(before, await RunAsync());
        Assert.Single(bed.Models.Trained);
        Assert.Empty(bed.Models.Generated); // the same weights came out, so the answers still hold
    }

    [Fact]
    public async Task Cancel_WhileTraining_LeavesFinishedCellsAndNothingHalfWritten()
    {
        using var stop = new CancellationTokenSource();
        bed.Models.OnStep = (cell, step) =>
        {
            if (cell.EndsWith("seed 2", StringComparison.Ordinal) && step == 2)
            {
                stop.Cancel();
            }
        };
        await using (ExperimentRunner runner = bed.Runner(b => b.UseConcurrency(1)))
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => runner.RunAsync(Grid, cancellationToken: stop.Token));
        }

        Assert.Equal(2, bed.Files("run.json").Length);
        Assert.Equal(4, bed.Files("metrics.json").Length);
        Assert.Empty(bed.Files("*" + DurableFile.Unfinished));
        Assert.Equal(2, Directory.GetDirectories(bed.Folder, "seed-*", SearchOption.AllDirectories).Length);
        Assert.Equal(0, bed.Models.LiveWorkers);

        double?[] resumed = await RunAsync();

        Assert.Equal(["6/20 seed 2", "6/20 seed 3"], bed.Models.Trained.Order());
        using var fresh = new FakeBed();
        Assert.Equal(await RunAsync(fresh), resumed);
    }

    [Fact]
    public async Task Cancel_WhileAnswering_KeepsTheAnswersAndGoesOnWithTheRest()
    {
        using var stop = new CancellationTokenSource();
        int answers = 0;
        bed.Models.OnAnswer = _ =>
        {
            if (++answers == 8)
            {
                stop.Cancel();
            }
        };
        await using (ExperimentRunner runner = bed.Runner(b => b.UseConcurrency(1)))
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => runner.RunAsync(Grid with { Seeds = [0] }, cancellationToken: stop.Token));
        }

        Assert.Equal(8, bed.Models.Generated.Count); // the fake looks at the token before each answer
        Assert.Empty(bed.Files("metrics.json"));
        bed.Models.Reset();

        await using ExperimentRunner again = bed.Runner();
        GridPlan plan = await again.PlanAsync(Grid with { Seeds = [0] });
        Assert.Equal([PlannedWork.Reuse, PlannedWork.Run, PlannedWork.Run], [plan.Cells[0].Training, .. plan.Cells[0].Evaluations.Select(e => e.Work)]);
        await again.RunAsync(Grid with { Seeds = [0] });

        Assert.Empty(bed.Models.Trained);
        Assert.Equal(7, bed.Models.Generated.Count);
    }

    [Fact]
    public async Task Run_FailingCell_FinishesTheOthersAndRepeatsOnlyTheFailed()
    {
        bed.Models.OnStep = (cell, step) =>
        {
            if (cell.EndsWith("seed 1", StringComparison.Ordinal))
            {
                throw new InvalidOperationException("the card is gone");
            }
        };
        await using ExperimentRunner runner = bed.Runner();
        var failure = await Assert.ThrowsAsync<GridFailedException>(() => runner.RunAsync(Grid));

        CellFailure only = Assert.Single(failure.Failures);
        Assert.Equal("sandbox / lora / task-high / seed 1", only.Cell);
        Assert.Contains("the card is gone", failure.Message, StringComparison.Ordinal);
        Assert.Equal([0UL, 2, 3], Assert.Single(failure.Report.Rows).Seeds);
        Assert.Contains(failure.Report.Notes, n => n.Contains("seed 1", StringComparison.Ordinal));
        Assert.Empty(Directory.GetDirectories(bed.Folder, "seed-1-*", SearchOption.AllDirectories));
        bed.Models.Reset();

        GridReport report = await runner.RunAsync(Grid);

        Assert.Equal(["6/20 seed 1"], bed.Models.Trained);
        Assert.Equal([0UL, 1, 2, 3], report.Rows[0].Seeds);
    }

    [Fact]
    public async Task Run_FailingEvaluator_LosesNothingElse()
    {
        bed.Models.OnAnswer = prompt =>
        {
            if (prompt == "Question 2 of task")
            {
                throw new InvalidOperationException("no answer");
            }
        };
        await using ExperimentRunner runner = bed.Runner(b => b.UseConcurrency(1));
        var failure = await Assert.ThrowsAsync<GridFailedException>(() => runner.RunAsync(Grid));

        Assert.Equal(4, failure.Failures.Count);
        Assert.All(failure.Failures, f => Assert.EndsWith("/ task-rate", f.Cell, StringComparison.Ordinal));
        ReportRow row = Assert.Single(failure.Report.Rows);
        Assert.Equal(["word-rate/rate"], row.Metrics.Select(m => m.Key));
        Assert.Contains("task-rate: 0 of 4 seeds.", row.Warnings);
        bed.Models.Reset();

        await runner.RunAsync(Grid);

        Assert.Empty(bed.Models.Trained);
        Assert.Equal(4 * 3, bed.Models.Generated.Count); // two of five were kept in each cell
    }

    private Task<double?[]> RunAsync()
    {
        bed.Models.Reset();
        return RunAsync(bed);
    }

    private static async Task<double?[]> RunAsync(FakeBed bed)
    {
        await using ExperimentRunner runner = bed.Runner();
        GridReport report = await runner.RunAsync(Grid);
        return [.. report.Rows.SelectMany(r => r.Metrics).SelectMany(m => m.SeedValues)];
    }
}
