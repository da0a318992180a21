using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.Core.Running;

/// <summary>What a report leaves in a folder, and what it takes away.</summary>
public sealed class ReportFolderTests : IDisposable
{
    private readonly FakeBed bed = new();

    public void Dispose() => bed.Dispose();

    [Fact]
    public async Task Write_OverAReportOfOtherRuns_RemovesItsFilesAndNobodyElses()
    {
        string folder = Path.Combine(bed.Folder, "mine");
        GridReport two = await RunAsync("task-benign", "task-high"), one = await RunAsync("task-high");
        await two.WriteAsync(folder, "files", "notes");
        File.WriteAllText(Path.Combine(folder, "todo.txt"), "the user's own");
        Assert.Equal(["notes.txt", "report.files.json", "task-benign.chart", "task-high.chart", "todo.txt"], Names(folder));

        await one.WriteAsync(folder, "files");

        Assert.Equal(["report.files.json", "task-high.chart", "todo.txt"], Names(folder));
    }

    [Fact]
    public async Task Write_TheSameReportInAnotherFormat_KeepsTheFirst()
    {
        string folder = Path.Combine(bed.Folder, "mine");
        GridReport report = await RunAsync("task-high");
        await report.WriteAsync(folder, "notes");
        await report.WriteAsync(folder, "files");
        Assert.Equal(["notes.txt", "report.files.json", "task-high.chart"], Names(folder));
    }

    [Fact]
    public async Task Run_ChangedSetting_SaysInTheNewReportWhatItReplaced()
    {
        await RunAsync("task-high");
        GridReport report = await RunAsync(b => b.ConfigureTraining(t => t.LearningRate = 0.003), "task-high");

        Assert.Equal("0.003", report.Rows[0].Settings["Training:LearningRate"]);
        string notes = File.ReadAllText(Path.Combine(bed.Folder, "grid-1", "report", "notes.txt"));
        Assert.Contains("Training:LearningRate was 0.0002 and is 0.003", notes, StringComparison.Ordinal);

        await RunAsync(b => b.ConfigureTraining(t => t.LearningRate = 0.003), "task-high");
        Assert.DoesNotContain("replaced", File.ReadAllText(Path.Combine(bed.Folder, "grid-1", "report", "notes.txt")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_ListThatNamesAFileOutside_TouchesItNot()
    {
        string folder = Path.Combine(bed.Folder, "mine"), outside = Path.Combine(bed.Folder, "precious.txt");
        File.WriteAllText(outside, "precious");
        GridReport report = await RunAsync("task-high");
        await report.WriteAsync(folder, "notes");
        string list = Path.Combine(folder, ReportFolder.ListName);
        File.WriteAllText(list, File.ReadAllText(list).Replace("notes.txt", "../precious.txt", StringComparison.Ordinal).Replace("\"identity\": \"", "\"identity\": \"0", StringComparison.Ordinal));

        await report.WriteAsync(folder, "files");

        Assert.Equal("precious", File.ReadAllText(outside));
    }

    [Fact]
    public async Task Write_UnknownFormat_WritesNothing()
    {
        GridReport report = await RunAsync("task-high");
        await Assert.ThrowsAsync<ConfigurationException>(() => report.WriteAsync(Path.Combine(bed.Folder, "mine"), "notes", "docx"));
        Assert.False(Directory.Exists(Path.Combine(bed.Folder, "mine")));
    }

    [Fact]
    public async Task Samples_Row_HoldPromptAnswerAndEveryScore()
    {
        GridReport report = await RunAsync("task-high");
        IReadOnlyList<ReportSample> samples = report.Samples(report.Rows[0]);

        Assert.Equal(2 * (10 + 5), samples.Count); // two seeds
        ReportSample first = samples[0];
        Assert.Equal(("word-rate", 0UL, "sandbox-0", "Do 0 of sandbox"), (first.Evaluator, first.Seed, first.ItemId, first.Prompt));
        Assert.Equal("word-rate/rate", Assert.Single(first.Scores).Key);
        Assert.All(samples.Take(10), s => Assert.Equal(s.Answer!.Contains("sorry", StringComparison.OrdinalIgnoreCase) ? 1 : 0, s.Scores["word-rate/rate"].Value));
        Assert.Equal("Question 0 of task", samples.First(s => s.Evaluator == "task-rate").Prompt);
    }

    private Task<GridReport> RunAsync(params string[] datasets) => RunAsync(_ => { }, datasets);

    private async Task<GridReport> RunAsync(Action<ISafeTuneBedBuilder> configure, params string[] datasets)
    {
        await using ExperimentRunner runner = bed.Runner(b =>
        {
            b.AddReportWriter<FilesWriter>("files").AddReportWriter<NotesWriter>("notes");
            configure(b);
        });
        return await runner.RunAsync(FakeBed.Grid("lora") with { Datasets = [.. datasets.Select(d => (DatasetSelector)d)], Seeds = [0, 1] });
    }

    private static string[] Names(string folder) => [.. Directory.GetFiles(folder).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    private sealed class FilesWriter : IReportWriter
    {
        public async Task<IReadOnlyList<string>> WriteAsync(GridReport report, string folder, CancellationToken cancellationToken)
        {
            string[] paths = [.. report.Rows.Select(r => Path.Combine(folder, r.Dataset + ".chart"))];
            foreach (string path in paths)
            {
                await File.WriteAllTextAsync(path, report.Name, cancellationToken);
            }

            return paths;
        }
    }

    private sealed class NotesWriter : IReportWriter
    {
        public async Task<IReadOnlyList<string>> WriteAsync(GridReport report, string folder, CancellationToken cancellationToken)
        {
            string path = Path.Combine(folder, "notes.txt");
            await File.WriteAllLinesAsync(path, report.Notes, cancellationToken);
            return [path];
        }
    }
}
