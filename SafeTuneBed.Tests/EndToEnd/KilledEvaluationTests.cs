using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.EndToEnd;

/// <summary>Evaluations in processes of their own that are killed: what they end with equals what an undisturbed one ends with, and nothing stored is asked again.</summary>
[Collection(TorchCollection.Name)]
public sealed class KilledEvaluationTests : IDisposable
{
    private const string FolderVariable = "SAFETUNEBED_KILLED_EVALUATION_FOLDER";
    private const string MomentVariable = "SAFETUNEBED_KILLED_EVALUATION_MOMENT";
    private const string SoakVariable = "SAFETUNEBED_KILL_SOAK";

    private readonly string folder = Directory.CreateTempSubdirectory("safetunebed-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Run_KilledWhileAsking_EndsWithTheSameNumbersAndAsksNothingTwice()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "SIGKILL is Unix's.");
        int kills = int.TryParse(Environment.GetEnvironmentVariable(SoakVariable), CultureInfo.InvariantCulture, out int many) ? many : 2;
        await RunAsync(Path.Combine(folder, "whole"), null);
        for (int kill = 0; kill < kills; kill++)
        {
            string name = FormattableString.Invariant($"killed-{kill}");
            (int exit, string output) = await ChildTest.RunAsync(
                typeof(KilledEvaluationTests), nameof(Child),
                new() { [FolderVariable] = Path.Combine(folder, name), [MomentVariable] = (9 + (kill * 157 % 430)).ToString(CultureInfo.InvariantCulture) }, TimeSpan.FromMinutes(2));
            Assert.True(exit == 137, output);
            Dictionary<string, int> stored = Find(name, "generations.jsonl").ToDictionary(f => Path.GetFileName(Path.GetDirectoryName(f)!), f => File.ReadAllText(f).Count(c => c == '\n'));
            Assert.NotEmpty(stored);

            await RunAsync(Path.Combine(folder, name), null);
            Assert.Equal(Numbers("whole"), Numbers(name));
            foreach (string file in Find(name, "generations.jsonl"))
            {
                string evaluation = Path.GetFileName(Path.GetDirectoryName(file)!);
                string[] ids = [.. File.ReadLines(file).Select(l => JsonNode.Parse(l)!["id"]!.GetValue<string>())];
                Assert.Equal(ids.Length, ids.Distinct().Count());
                int finished = JsonNode.Parse(File.ReadAllText(Path.Combine(Path.GetDirectoryName(file)!, "metrics.json")))!["generated"]!.GetValue<int>();
                if (!stored.TryGetValue(evaluation, out int before) || before < ids.Length)
                {
                    Assert.Equal(ids.Length, before + finished);
                }
            }
        }
    }

    /// <summary>What a child process does: evaluates, and ends itself at the given report of progress.</summary>
    [Fact(Explicit = true)]
    public Task Child() => RunAsync(
        Environment.GetEnvironmentVariable(FolderVariable)!, int.Parse(Environment.GetEnvironmentVariable(MomentVariable)!, CultureInfo.InvariantCulture));

    private static async Task RunAsync(string folder, int? moment)
    {
        await using ExperimentRunner runner = ExperimentRunner.Create(bed => bed.AddMethods().AddEvaluators().UseRunFolder(folder));
        await runner.RunAsync(
            new ExperimentGrid("killed")
            {
                Models = [ModelReference.Sandbox], Methods = ["none"], Datasets = [FinetuneDatasets.Sandbox.Sentiment.Benign],
                Evaluators = ["attack-success", "task-accuracy", "perplexity"],
            },
            new Killer(moment),
            TestContext.Current.CancellationToken);
    }

    private string[] Numbers(string name) =>
    [
        .. Find(name, "metrics.json").Select(f => JsonNode.Parse(File.ReadAllText(f))!["metrics"]!.ToJsonString()),
        .. Find(name, "scores.jsonl").Select(File.ReadAllText),
        .. Find(name, "likelihoods.jsonl").Select(File.ReadAllText),
    ];

    private string[] Find(string name, string file) => [.. Directory.GetFiles(Path.Combine(folder, name), file, SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private sealed class Killer(int? moment) : IProgress<RunProgress>
    {
        private int heard;

        public void Report(RunProgress value)
        {
            if (value.Phase == RunPhase.Evaluating && Interlocked.Increment(ref heard) == moment)
            {
                Process.GetCurrentProcess().Kill();
                Thread.Sleep(Timeout.Infinite);
            }
        }
    }
}
