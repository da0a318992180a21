using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.EndToEnd;

/// <summary>Whole runs on the sandbox in processes of their own, which are killed; what they end with equals what an undisturbed run ends with, byte for byte.</summary>
[Collection(TorchCollection.Name)]
public sealed class KilledRunTests : IDisposable
{
    private const string FolderVariable = "SAFETUNEBED_KILLED_RUN_FOLDER";
    private const string StepVariable = "SAFETUNEBED_KILLED_RUN_STEP";
    private const string SoakVariable = "SAFETUNEBED_KILL_SOAK";
    private const int Steps = 30;
    private const int Interval = 4;

    private readonly string folder = Directory.CreateTempSubdirectory("safetunebed-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Run_KilledInsideTwoSteps_EndsWithTheFilesOfAnUndisturbedRun()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "SIGKILL is Unix's.");
        string[] whole = await FilesOfAsync("whole", null);
        foreach (int step in new[] { 7, 22 })
        {
            (int exit, string output) = await ChildAsync("killed", step, TimeSpan.FromMinutes(2));
            Assert.True(exit == 137, output);
            Assert.Empty(Find("killed", "run.json"));
            Assert.NotEmpty(Find("killed", "state.safetensors"));
        }

        var log = new List<string>();
        string[] resumed = await FilesOfAsync("killed", log);
        Assert.Equal(whole, resumed);
        Assert.Contains(log, l => l.Contains("resumed at step 20 of 30", StringComparison.Ordinal));
        Assert.Equal([4, 20], JsonNode.Parse(File.ReadAllText(Find("killed", "run.json").Single()))!["resumedAtSteps"]!.AsArray().Select(n => n!.GetValue<int>()));
        Assert.Empty(Directory.GetDirectories(folder, "checkpoint", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Run_KilledAtAnyMomentManyTimes_EndsWithTheFilesOfAnUndisturbedRun()
    {
        Assert.SkipUnless(int.TryParse(Environment.GetEnvironmentVariable(SoakVariable), CultureInfo.InvariantCulture, out int kills), $"Set {SoakVariable} to the number of kills (20 take a few minutes).");
        string[] whole = await FilesOfAsync("whole", null);
        for (int kill = 0; kill < kills; kill++)
        {
            // Seeded moments, at hooks and anywhere else: a third by the clock, which also meets checkpoints being written.
            bool byClock = kill % 3 == 2;
            string name = FormattableString.Invariant($"killed-{kill / 4}");
            (int exit, _) = await ChildAsync(name, byClock ? null : 2 + ((kill * 7) % (Steps - 2)), byClock ? TimeSpan.FromMilliseconds(1500 + (kill * 61 % 900)) : TimeSpan.FromMinutes(2));
            TestContext.Current.TestOutputHelper?.WriteLine(FormattableString.Invariant($"{name}: exit {exit}"));
            if (kill % 4 == 3 || kill == kills - 1)
            {
                Assert.Equal(whole, await FilesOfAsync(name, null));
            }
        }
    }

    [Fact]
    public async Task Run_AskedToEnd_StopsAtTheStepWithACheckpointAndGoesOn()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals between processes are Unix's.");
        string[] whole = await FilesOfAsync("whole", null);
        using (var stop = new ConsoleCancellation())
        {
            AlternatingMethod.Everywhere = step =>
            {
                if (step.OptimizerStep == 9 && !stop.Token.IsCancellationRequested)
                {
                    using Process kill = Process.Start("kill", ["-TERM", Environment.ProcessId.ToString(CultureInfo.InvariantCulture)]);
                    kill.WaitForExit();
                    Assert.True(stop.Token.WaitHandle.WaitOne(TimeSpan.FromSeconds(20)));
                }
            };
            try
            {
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync("ended", null, stop.Token));
            }
            finally
            {
                AlternatingMethod.Everywhere = null;
            }

            Assert.Equal(143, stop.ExitCode);
        }

        var log = new List<string>();
        Assert.Equal(whole, await FilesOfAsync("ended", log));
        Assert.Contains(log, l => l.Contains("resumed at step 10 of 30", StringComparison.Ordinal));
    }

    /// <summary>What a child process does: trains, and ends itself in the middle of a step when told to.</summary>
    [Fact(Explicit = true)]
    public async Task Child()
    {
        if (int.TryParse(Environment.GetEnvironmentVariable(StepVariable), CultureInfo.InvariantCulture, out int last))
        {
            AlternatingMethod.Everywhere = step =>
            {
                if (step.OptimizerStep == last)
                {
                    Process.GetCurrentProcess().Kill();
                    Thread.Sleep(Timeout.Infinite);
                }
            };
        }

        await RunAsync(Environment.GetEnvironmentVariable(FolderVariable)!, null, CancellationToken.None);
    }

    private async Task<(int Exit, string Output)> ChildAsync(string name, int? step, TimeSpan patience)
    {
        return await ChildTest.RunAsync(
            typeof(KilledRunTests), nameof(Child), new() { [FolderVariable] = Path.Combine(folder, name), [StepVariable] = step?.ToString(CultureInfo.InvariantCulture) ?? "" }, patience);
    }

    private async Task<string[]> FilesOfAsync(string name, List<string>? log)
    {
        await RunAsync(Path.Combine(folder, name), log, CancellationToken.None);
        return [.. new[] { "adapter_model.safetensors", "train.jsonl" }.Select(file => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(Find(name, file).Single()))))];
    }

    private string[] Find(string name, string file) => Directory.GetFiles(Path.Combine(folder, name), file, SearchOption.AllDirectories);

    private async Task RunAsync(string name, List<string>? log, CancellationToken cancellationToken)
    {
        await using ExperimentRunner runner = ExperimentRunner.Create(bed =>
        {
            bed.AddEvaluators().AddMethod<AlternatingMethod, AlternatingOptions>("alternating").AddEvaluator<NothingAsked>("nothing")
                .UseRunFolder(Path.Combine(folder, name)).UseCheckpoints(steps: Interval);
            bed.Services.AddSingleton<ILoggerFactory>(new ListLoggers(log ?? []));
        });
        await runner.RunAsync(
            new ExperimentGrid("killed")
            {
                Models = [ModelReference.Sandbox],
                Methods = ["alternating"],
                Datasets = [FinetuneDatasets.Sandbox.Sentiment.HighHarm],
                Evaluators = ["nothing"],
                Training = new TrainingOptions { Steps = Steps, AccumulationSteps = 2, BatchSize = 4 },
            },
            cancellationToken: cancellationToken);
    }

    private sealed class ListLoggers(List<string> lines) : ILoggerFactory, ILogger
    {
        public void AddProvider(ILoggerProvider provider)
        {
        }

        public ILogger CreateLogger(string categoryName) => this;

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (lines)
            {
                lines.Add(formatter(state, exception));
            }
        }
    }
}
