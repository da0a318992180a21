using System.Diagnostics;
using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.Core.Running;

public sealed class CellLockTests : IDisposable
{
    private readonly FakeBed bed = new();

    public void Dispose() => bed.Dispose();

    [Fact]
    public void TryTake_WhileHeld_IsRefusedUntilGivenBack()
    {
        string path = Path.Combine(bed.Folder, "locks", "a");
        using (CellLock? first = CellLock.TryTake(path))
        {
            Assert.NotNull(first);
            Assert.Null(CellLock.TryTake(path));
        }

        using CellLock? next = CellLock.TryTake(path);
        Assert.NotNull(next);
    }

    [Fact]
    public void Dispose_OfALock_LeavesNoFileAndNoFolder()
    {
        string path = Path.Combine(bed.Folder, "grid", ".locks", "a");
        using (CellLock? held = CellLock.TryTake(path))
        {
            Assert.NotNull(held);
            Assert.True(File.Exists(path));
        }

        Assert.SkipWhen(OperatingSystem.IsMacOS(), "There an empty file stays, because removing it could pull it from under the next holder.");
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(bed.Folder, "grid")));
    }

    [Fact]
    public async Task TryTake_ByManyAtOnce_NeverGivesALockTwice()
    {
        string path = Path.Combine(bed.Folder, "grid", ".locks", "a");
        int holders = 0, taken = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                using CellLock? held = CellLock.TryTake(path);
                if (held is not null)
                {
                    Assert.Equal(1, Interlocked.Increment(ref holders));
                    taken++;
                    Interlocked.Decrement(ref holders);
                }
            }
        })));

        Assert.True(taken > 0);
    }

    [Fact]
    public void TryTake_BelowAFile_SaysThatTheFolderCanNotBeWritten()
    {
        string file = Path.Combine(bed.Folder, "file");
        File.WriteAllText(file, "");
        string message = Assert.Throws<ConfigurationException>(() => CellLock.TryTake(Path.Combine(file, ".locks", "a"))).Message;
        Assert.Contains(file, message, StringComparison.Ordinal);
        Assert.Contains("UseRunFolder", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_FailedCell_LeavesNoLockBehind()
    {
        bed.Models.OnStep = (_, _) => throw new InvalidOperationException("the card is gone");
        await using ExperimentRunner runner = bed.Runner();
        await Assert.ThrowsAsync<GridFailedException>(() => runner.RunAsync(FakeBed.Grid("lora") with { Seeds = [0] }));

        Assert.Empty(Directory.GetDirectories(bed.Folder, ".locks", SearchOption.AllDirectories));
    }

    [Fact]
    public void TryTake_FileOfADeadProcess_IsTakenOver()
    {
        string path = Path.Combine(bed.Folder, "a");
        using Process dead = Process.Start(new ProcessStartInfo("dotnet", "--version") { RedirectStandardOutput = true })!;
        string owner = CellLock.Describe(dead);
        dead.WaitForExit();
        File.WriteAllText(path, owner);

        using CellLock? held = CellLock.TryTake(path);

        Assert.NotNull(held);
    }

    [Fact]
    public void TryTake_FileOfALivingProcessWithoutASystemLock_IsRefused()
    {
        string path = Path.Combine(bed.Folder, "a");
        using Process parent = Process.GetProcessById(1);
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Process 1 is readable on Linux alone.");
        File.WriteAllText(path, CellLock.Describe(parent));

        Assert.Null(CellLock.TryTake(path));
        Assert.StartsWith(Environment.MachineName, File.ReadAllText(path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_CellHeldByAnotherProcess_WaitsAndUsesItsResult()
    {
        ExperimentGrid grid = FakeBed.Grid("lora") with { Datasets = ["task-high"], Seeds = [0, 1] };
        using var other = new FakeBed();
        await using (ExperimentRunner elsewhere = other.Runner())
        {
            await elsewhere.RunAsync(grid with { Seeds = [0] }); // what the other process will have made
        }

        await using ExperimentRunner runner = bed.Runner();
        GridPlan plan = await runner.PlanAsync(grid);
        string[] locks = [.. plan.Cells.Select(c => Path.Combine(plan.Folder, ".locks", CanonicalJson.Hash(Path.GetRelativePath(plan.Folder, c.Folder))[..32]))];
        Directory.CreateDirectory(Path.GetDirectoryName(locks[0])!);
        var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<GridReport> run;
        using (new FileStream(locks[0], FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
        {
            run = runner.RunAsync(grid, new Listener(p =>
            {
                if (p is { Phase: RunPhase.Waiting, CompletedCells: 1 } && p.Cell.EndsWith("seed 0", StringComparison.Ordinal))
                {
                    waiting.TrySetResult();
                }
            }));
            await waiting.Task.WaitAsync(TimeSpan.FromSeconds(30));
            Assert.False(run.IsCompleted);
            Copy(Path.Combine(other.Folder, "grid-1"), plan.Folder);
        }

        GridReport report = await run;

        Assert.Equal([0UL, 1], report.Rows[0].Seeds);
        Assert.Equal(["6/20 seed 1"], bed.Models.Trained);
    }

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories).Where(f => !f.Contains(".locks", StringComparison.Ordinal)))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target, overwrite: true);
        }
    }

    private sealed class Listener(Action<RunProgress> hear) : IProgress<RunProgress>
    {
        public void Report(RunProgress value) => hear(value);
    }
}
