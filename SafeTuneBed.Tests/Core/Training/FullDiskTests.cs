using System.Diagnostics;
using System.Globalization;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Training;

namespace SafeTuneBed.Tests.Core.Training;

/// <summary>Checkpoints on a real file system that is full. It is one in memory; where the system lets nobody mount one, the tests are skipped.</summary>
[Collection(TorchCollection.Name)]
public sealed class FullDiskTests : IDisposable
{
    private readonly LoopBed bed = new();
    private readonly string folder = Directory.CreateTempSubdirectory("safetunebed-full-").FullName;
    private bool isMounted;

    private string FilePath => Path.Combine(folder, "checkpoint", "state.safetensors");

    public void Dispose()
    {
        bed.Dispose();
        if (isMounted)
        {
            TryRun("umount", folder);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Save_DiskTooSmallForACheckpoint_WarnsAndTheTrainingGoesOn()
    {
        Mount(16);
        var warnings = new List<string>();
        float[] expected = bed.Train(new ScriptedMethod(), bed.Context(LoopBed.Config(6)));
        float[] actual = bed.Train(new ScriptedMethod(), bed.Context(LoopBed.Config(6), checkpoints: Store(warnings, [])));
        Assert.Equal(expected, actual);
        Assert.NotEmpty(warnings);
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(FilePath)!));
    }

    [Fact]
    public void Save_DiskFillsUpLater_TheCheckpointBeforeStaysWholeAndARunGoesOnFromIt()
    {
        Mount(2048);
        var warnings = new List<string>();
        TrainingConfig config = LoopBed.Config(12);
        float[] expected = bed.Train(new ScriptedMethod(), bed.Context(config));
        string filler = Path.Combine(folder, "filler");
        using var stop = new CancellationTokenSource();
        var fills = new LoopBed.Collector
        {
            Then = progress =>
            {
                if (progress.Step == 5)
                {
                    Fill(filler);
                }
                else if (progress.Step == 9)
                {
                    stop.Cancel();
                }
            },
        };
        Assert.ThrowsAny<OperationCanceledException>(() => bed.Train(new ScriptedMethod(), bed.Context(config, progress: fills, checkpoints: Store(warnings, [])), stop.Token));
        Assert.NotEmpty(warnings);

        var resumed = new List<int>();
        Assert.Equal(expected, bed.Train(new ScriptedMethod(), bed.Context(config, checkpoints: Store(warnings, resumed))));
        Assert.Equal([4], resumed);
    }

    private static void Fill(string file)
    {
        using FileStream stream = File.Create(file, 1);
        byte[] block = new byte[4096];
        try
        {
            while (true)
            {
                stream.Write(block);
            }
        }
        catch (IOException)
        {
            // full
        }
    }

    private CheckpointStore Store(List<string> warnings, List<int> resumed) =>
        new(FilePath, "f", 2, new CheckpointPolicy { Steps = 2 }, TimeProvider.System) { Warn = (message, _) => warnings.Add(message), Resumed = resumed.Add };

    private void Mount(int kilobytes)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A file system in memory is mounted on Linux alone.");
        isMounted = TryRun("mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={kilobytes}k"), "tmpfs", folder);
        Assert.SkipUnless(isMounted, "This system lets the user mount nothing: run as root to test a full disk.");
    }

    private static bool TryRun(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
