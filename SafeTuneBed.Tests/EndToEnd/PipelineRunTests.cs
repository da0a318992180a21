using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using SafeTuneBed.Tests.TestDoubles;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.EndToEnd;

/// <summary>A stage that is merged under the user's fine-tuning, on the sandbox: evaluation has all of it, and a killed stage goes on.</summary>
[Collection(TorchCollection.Name)]
public sealed class PipelineRunTests : IDisposable
{
    private const string FolderVariable = "SAFETUNEBED_PIPELINE_FOLDER";
    private const string StepVariable = "SAFETUNEBED_PIPELINE_STEP";
    private const string Success = "attack-success@sandbox/keyword-robust/attack-success";

    private readonly string folder = Directory.CreateTempSubdirectory("safetunebed-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Evaluate_ArtifactWithAMerge_IsTheRunsAndTheHandMergedModelsAndNotTheAdapterAlone()
    {
        // The same model in f32, so that merging by hand rounds nothing that merging in memory does not.
        string wide = WideSandbox();
        var grid = Grid(ModelReference.Folder(wide) with { Name = "wide" });
        await using ExperimentRunner runner = Runner("runs");
        GridReport report = await runner.RunAsync(grid, cancellationToken: TestContext.Current.CancellationToken);
        ReportRow row = report.Row("hardening", grid.Datasets[0].Name!);
        Assert.Equal("hardening+lora", row.Method);
        string cell = (await runner.PlanAsync(grid, TestContext.Current.CancellationToken)).Cells[1].Folder, artifact = Path.Combine(cell, "artifact");
        Assert.True(File.Exists(Path.Combine(artifact, "merges", "0", "adapter_model.safetensors")));

        string merged = Path.Combine(folder, "merged");
        using (ModelArtifact stage = ModelArtifact.Load(Path.Combine(artifact, "merges", "0"), wide))
        {
            await stage.MergeAsync(merged, cancellationToken: TestContext.Current.CancellationToken);
        }

        string bare = Path.Combine(folder, "bare");
        Directory.CreateDirectory(bare);
        foreach (string file in Directory.GetFiles(artifact, "adapter_*"))
        {
            File.Copy(file, Path.Combine(bare, Path.GetFileName(file)));
        }

        GridReport judged = await runner.EvaluateAsync(
            [
                ArtifactReference.Adapter(artifact, wide) with { Name = "whole" },
                ArtifactReference.Adapter(bare, merged) with { Name = "by hand" },
                ArtifactReference.Adapter(bare, wide) with { Name = "adapter alone" },
            ],
            ["attack-success@sandbox"], cancellationToken: TestContext.Current.CancellationToken);
        string[] Answers(GridReport from, ReportRow of) => [.. from.Samples(of).Select(s => $"{s.ItemId} {s.Answer}")];
        string[] own = Answers(report, row);
        Assert.Equal(144, own.Length);
        Assert.Equal(own, Answers(judged, judged.Rows[0]));
        Assert.Equal(own, Answers(judged, judged.Rows[1]));
        Assert.NotEqual(own, Answers(judged, judged.Rows[2]));
        Assert.Equal(row[Success]!.Value, judged.Rows[0][Success]!.Value);

        await using LocalModel opened = await LocalModel.OpenAsync(wide, ModelArtifact.Load(artifact, wide), TestContext.Current.CancellationToken);
        ReportSample first = report.Samples(row)[0];
        Generation answer = (await opened.GenerateAsync([[new(Microsoft.Extensions.AI.ChatRole.User, first.Prompt!)]], new GenerationOptions { MaxNewTokens = 24 }, null, TestContext.Current.CancellationToken))[0];
        Assert.StartsWith(answer.Text, first.Answer!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_SafeLoraOverAStage_ChangesTheWeightsKeepsTheMergeAndIsReused()
    {
        ExperimentGrid grid = Grid(ModelReference.Sandbox) with { Methods = ["lora", "safe-lora", "scale-lora", "hardening+safe-lora"], Training = new TrainingOptions { Steps = 25 } };
        await using ExperimentRunner runner = Runner("projected");
        GridReport report = await runner.RunAsync(grid, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(["lora", "lora+safe-lora", "lora+scale-lora", "hardening+lora+safe-lora"], report.Rows.Select(r => r.Method));

        IReadOnlyList<PlannedCell> cells = (await runner.PlanAsync(grid, TestContext.Current.CancellationToken)).Cells;
        string[] adapters = [.. cells.Select(c => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(Path.Combine(c.Folder, "artifact", "adapter_model.safetensors")))))];
        Assert.Equal(4, adapters.Distinct().Count());
        JsonNode record = JsonNode.Parse(File.ReadAllText(Path.Combine(cells[1].Folder, "run.json")))!;
        JsonArray layers = record["transform"]!["layers"]!.AsArray();
        Assert.Equal(6, layers.Count); // q and v of three blocks, of which the sandbox's overlay changes one
        Assert.Equal(1, record["transform"]!["figures"]!["projected"]!.GetValue<double>());
        Assert.All(layers, l => Assert.InRange(l!["figures"]!["cosine"]!.GetValue<double>(), -1, 1));
        Assert.True(File.Exists(Path.Combine(cells[3].Folder, "artifact", "merges", "0", "adapter_model.safetensors")));
        Assert.Equal(2, Directory.GetFiles(Path.Combine(folder, "projected"), "train.jsonl", SearchOption.AllDirectories).Select(f => File.ReadAllText(f)).Distinct().Count(t => t.Split('\n').Length == 26)); // with the stage and without

        GridReport again = await runner.RunAsync(grid, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Contains("4 were done before", again.Notes[0], StringComparison.Ordinal);
        GridReport judged = await runner.EvaluateAsync(
            [ArtifactReference.Adapter(Path.Combine(cells[3].Folder, "artifact"), ModelReference.Sandbox)], ["attack-success@sandbox"], cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(report.Rows[3][Success]!.Value, judged.Rows[0][Success]!.Value);
    }

    [Fact]
    public async Task Run_PromptPolicies_AreObeyedByEveryReaderOfTheArtifact()
    {
        ExperimentGrid grid = Grid(ModelReference.Sandbox) with { Methods = ["lora", "ptst", "bea", "bea+safe-lora"], Training = new TrainingOptions { Steps = 25 } };
        await using ExperimentRunner runner = Runner("policies");
        GridReport report = await runner.RunAsync(grid, cancellationToken: TestContext.Current.CancellationToken);
        string[] artifacts = [.. (await runner.PlanAsync(grid, TestContext.Current.CancellationToken)).Cells.Select(c => Path.Combine(c.Folder, "artifact"))];
        Assert.Equal(["lora", "ptst+lora", "bea+lora", "bea+lora+safe-lora"], report.Rows.Select(r => r.Method));

        // Pure tuning: the same weights to the bit, asked otherwise.
        byte[][] weights = [.. artifacts.Select(a => File.ReadAllBytes(Path.Combine(a, "adapter_model.safetensors")))];
        Assert.Equal(weights[0], weights[1]);
        Assert.NotEqual(weights[0], weights[2]);
        string[] Answers(GridReport from, ReportRow of) => [.. from.Samples(of).Select(s => $"{s.ItemId} {s.Answer}")];
        Assert.NotEqual(Answers(report, report.Rows[0]), Answers(report, report.Rows[1]));

        // The artifact obeys; its adapter alone does not.
        string bare = Path.Combine(folder, "plain");
        Directory.CreateDirectory(bare);
        foreach (string file in Directory.GetFiles(artifacts[1], "adapter_*"))
        {
            File.Copy(file, Path.Combine(bare, Path.GetFileName(file)));
        }

        GridReport judged = await runner.EvaluateAsync(
            [
                ArtifactReference.Adapter(artifacts[1], ModelReference.Sandbox) with { Name = "ptst" },
                ArtifactReference.Adapter(bare, ModelReference.Sandbox) with { Name = "plain" },
                ArtifactReference.Adapter(artifacts[2], ModelReference.Sandbox) with { Name = "bea" },
            ],
            ["attack-success@sandbox"], cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(Answers(report, report.Rows[1]), Answers(judged, judged.Rows[0]));
        Assert.Equal(Answers(report, report.Rows[0]), Answers(judged, judged.Rows[1]));
        Assert.Equal(Answers(report, report.Rows[2]), Answers(judged, judged.Rows[2]));

        // The same by hand: the secret in a system message of one's own, asked of the bare model.
        using ModelArtifact bea = ModelArtifact.Load(artifacts[2]), projected = ModelArtifact.Load(artifacts[3]), own = ModelArtifact.Load(bare, ModelReference.Sandbox);
        Assert.Equal(bea.PromptPolicy, projected.PromptPolicy);
        ReportSample first = report.Samples(report.Rows[1])[0];
        using ModelArtifact ptst = ModelArtifact.Load(artifacts[1]);
        await using LocalModel under = await LocalModel.OpenAsync(ModelReference.Sandbox, ptst, TestContext.Current.CancellationToken), without = await LocalModel.OpenAsync(ModelReference.Sandbox, own, TestContext.Current.CancellationToken);
        var user = new Microsoft.Extensions.AI.ChatMessage(Microsoft.Extensions.AI.ChatRole.User, first.Prompt!);
        var system = new Microsoft.Extensions.AI.ChatMessage(Microsoft.Extensions.AI.ChatRole.System, ptst.PromptPolicy!.EvaluationSystem!);
        var short16 = new GenerationOptions { MaxNewTokens = 16 };
        Assert.Equal(
            (await without.GenerateAsync([[system, user]], short16, null, TestContext.Current.CancellationToken))[0].TokenIds,
            (await under.GenerateAsync([[user]], short16, null, TestContext.Current.CancellationToken))[0].TokenIds);
    }

    [Fact]
    public async Task Run_KilledInTheStageAndInTheFineTuning_EndsWithTheFilesOfAnUndisturbedRunAndIsReused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "SIGKILL is Unix's.");
        string[] whole = await FilesAsync("whole");
        (int exit, string output) = await ChildAsync("killed", 17);
        Assert.True(exit == 137, output);
        Assert.Empty(Directory.GetFiles(Path.Combine(folder, "killed"), "run.json", SearchOption.AllDirectories));
        Assert.Single(Directory.GetFiles(Path.Combine(folder, "killed"), "state.safetensors", SearchOption.AllDirectories));
        Assert.Equal(whole, await FilesAsync("killed"));
        string record = Directory.GetFiles(Path.Combine(folder, "killed"), "run.json", SearchOption.AllDirectories).Single(f => f.Contains("alignment", StringComparison.Ordinal));
        Assert.Equal([16], JsonNode.Parse(File.ReadAllText(record))!["resumedAtSteps"]!.AsArray().Select(n => n!.GetValue<int>()));

        int steps = 0;
        HardeningMethod.Everywhere = _ => steps++;
        try
        {
            await FilesAsync("killed", seeds: [0], FinetuneDatasets.Sandbox.Sentiment.LowHarm);
        }
        finally
        {
            HardeningMethod.Everywhere = null;
        }

        Assert.Equal(0, steps); // another share of poison, the same stage
    }

    /// <summary>What a child process does.</summary>
    [Fact(Explicit = true)]
    public async Task Child()
    {
        int last = int.Parse(Environment.GetEnvironmentVariable(StepVariable)!, CultureInfo.InvariantCulture);
        HardeningMethod.Everywhere = step =>
        {
            if (step.OptimizerStep == last)
            {
                Process.GetCurrentProcess().Kill();
                Thread.Sleep(Timeout.Infinite);
            }
        };
        await using ExperimentRunner runner = Runner(Environment.GetEnvironmentVariable(FolderVariable)!);
        await runner.RunAsync(Grid(ModelReference.Sandbox) with { Methods = ["hardening"], Baseline = null, Evaluators = ["nothing"] });
    }

    private Task<(int Exit, string Output)> ChildAsync(string name, int step) => ChildTest.RunAsync(
        typeof(PipelineRunTests), nameof(Child),
        new() { [FolderVariable] = Path.Combine(folder, name), [StepVariable] = step.ToString(CultureInfo.InvariantCulture) }, TimeSpan.FromMinutes(2));

    private async Task<string[]> FilesAsync(string name, IReadOnlyList<ulong>? seeds = null, FinetuneDatasetConfig? dataset = null)
    {
        await using ExperimentRunner runner = Runner(name);
        ExperimentGrid grid = Grid(ModelReference.Sandbox) with { Methods = ["hardening"], Baseline = null, Evaluators = ["nothing"], Seeds = seeds ?? [0] };
        await runner.RunAsync(dataset is null ? grid : grid with { Datasets = [dataset] }, cancellationToken: TestContext.Current.CancellationToken);
        return [.. Directory.GetFiles(Path.Combine(folder, name), "adapter_model.safetensors", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal).Select(f => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(f))))];
    }

    private ExperimentRunner Runner(string name) => ExperimentRunner.Create(bed => bed
        .AddMethods().AddEvaluators().AddMethod<HardeningMethod, HardeningOptions>("hardening").AddEvaluator<NothingAsked>("nothing")
        .UseRunFolder(Path.Combine(folder, name)).UseCheckpoints(steps: 4));

    private static ExperimentGrid Grid(ModelReference model) => new("pipeline")
    {
        Models = [model],
        Methods = ["lora", "hardening"],
        Datasets = [FinetuneDatasets.Sandbox.Sentiment.HighHarm],
        Streams = new Dictionary<string, DatasetSelector> { ["align"] = "sandbox-guide" },
        Evaluators = ["attack-success@sandbox"],
        Training = new TrainingOptions { Steps = 40 },
        Baseline = "lora",
    };

    private string WideSandbox()
    {
        string source = SafeTuneBed.Sandbox.SandboxFolder.Resolve(null).Aligned, target = Path.Combine(folder, "wide");
        Directory.CreateDirectory(target);
        foreach (string file in Directory.GetFiles(source))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }

        string weights = Path.Combine(target, "model.safetensors");
        using var scope = NewDisposeScope();
        Dictionary<string, Tensor> tensors;
        using (SafetensorsFile file = SafetensorsFile.Open(weights))
        {
            tensors = file.Names.ToDictionary(n => n, n => file.Read(n).to(ScalarType.Float32).clone());
        }

        SafetensorsFile.Write(weights, tensors);
        return target;
    }
}
