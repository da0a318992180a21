using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Evaluation;

/// <summary>A paper before and after its run.</summary>
[Collection(TorchCollection.Name)]
public sealed class PaperTests : IDisposable
{
    private const int Trained = 4 * 3 * 3, Untrained = 3; // four defenses on three levels with three seeds; the untouched model once a level

    private readonly string folder = Directory.CreateTempSubdirectory("safetunebed-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Outline_SafeTuneBed2025_CountsWithoutAnyFile()
    {
        Paper paper = Papers.SafeTuneBed2025;
        await using ExperimentRunner runner = Bed(paper);

        PaperOutline outline = PaperOutline.Of(paper, runner);

        const int cells = Trained + Untrained, asked = Trained + 1, steps = 20 * 5_000 / 5;
        Assert.Equal(cells, outline.Grid.Cells.Count);
        Assert.All(outline.Grid.Cells.Where(c => c.Method != "none"), c => Assert.Equal((c.Dataset[5..] switch { "benign" => (5_000, 0), "low" => (4_750, 250), _ => (3_500, 1_500) }, steps), ((c.Counts!.Value.Benign, c.Counts.Value.Harmful), c.Steps)));
        Assert.All(outline.Grid.Cells.Where(c => c.Method == "none"), c => Assert.Null(c.Counts));
        Assert.Equal(3, outline.Grid.Stages.Count);
        Assert.All(outline.Grid.Stages, s => Assert.Equal(("vaccine", 2_000, 50 * 2_000 / 5, 3), (s.Method, s.Rows, s.Steps, s.Cells)));
        Assert.Equal((3 * 3 * 3 * (long)steps) + (3 * 20_000), outline.Grid.Steps); // safe-lora rests on lora's
        Assert.Equal((520 + 14_042 + (2 * 80)) * (long)asked, outline.Answers);
        Assert.Equal((80 + 520) * (long)asked, outline.JudgeCalls);
        Assert.Equal(asked * ((80 * ((900 * 2m) + (150 * 3m))) + (520 * ((1_900 * 2m) + (150 * 3m)))) / 1_000_000m, outline.JudgeCost(2, 3));
        string text = outline.ToString();
        foreach (string missing in new[] { "Llama-2-7b-chat-hf", "Llama-2-7b-hf", "nyu-mll/glue", "PKU-Alignment/BeaverTails", "AcceptLicenses(\"beavertails\")", "llm-attacks/llm-attacks", "hendrycks/test", "lm-sys/FastChat" })
        {
            Assert.Contains(outline.Grid.Missing, m => m.Contains(missing, StringComparison.Ordinal));
            Assert.Contains(missing, text, StringComparison.Ordinal);
        }

        Assert.Equal(outline.Grid.Missing.Count, outline.Grid.Missing.Distinct().Count());
        Assert.Contains("13.5 GB", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutJudge_LeavesItsMeasuresOutAndTheirClaimsUndecided()
    {
        Paper paper = Papers.SafeTuneBed2025.WithoutJudge();
        await using ExperimentRunner runner = Bed(paper);

        Assert.Equal(["attack-success@advbench", "mmlu", "task-accuracy"], paper.Grid.Evaluators);
        Assert.Equal(Papers.SafeTuneBed2025.Claims.Count, paper.Claims.Count);
        PaperOutline outline = PaperOutline.Of(paper, runner);
        Assert.Equal(0, outline.JudgeCalls);
        Assert.Contains("Not measured: 'mt-bench' asks a judge", outline.ToString(), StringComparison.Ordinal);
        ClaimResult[] ratings = [.. paper.Check(ClaimReportFixture.Create(("lisa", [1]))).Results.Where(r => r.Claim.Metric.StartsWith("mt-bench", StringComparison.Ordinal))];
        Assert.Equal(2, ratings.Length);
        Assert.All(ratings, r => Assert.Equal((ClaimVerdict.Undecided, "Not measured: 'mt-bench' asks a judge, and none is registered."), (r.Verdict, r.Reason)));
    }

    [Fact]
    public async Task Claims_Metrics_AreThoseOfTheRegisteredMeasures()
    {
        Paper paper = Papers.SafeTuneBed2025.OnTasks(FinetuneDatasets.Sst2, FinetuneDatasets.Gsm8k);
        await using ExperimentRunner runner = Bed(paper);

        string[] keys = [.. paper.Measures.SelectMany(m => runner.Evaluators.Get(m.Entry.Split('@')[0]).Metrics.Select(d => $"{m.Entry}/{d.Name}"))];
        Assert.All(paper.Claims, c => Assert.Contains(c.Metric, keys));
        Assert.All(paper.Claims, c => Assert.All(c.Rows, r => Assert.Contains(r.Dataset, paper.Grid.Datasets.Select(d => d.Name))));
        Assert.All(paper.Claims, c => Assert.All(c.Rows, r => Assert.Contains(r.Method, paper.Grid.Methods)));
        Assert.All(paper.Claims, c => Assert.Contains("2506.00676", c.Source, StringComparison.Ordinal));
        Assert.Equal(paper.Measures.Select(m => m.Entry), paper.Grid.Evaluators);
        Assert.Equal(5, paper.Claims.Count(c => c.Name.StartsWith("experiment", StringComparison.Ordinal)));
        Assert.Contains(paper.Claims, c => c.Name == "gsm8k-lisa-worse-on-benign");
        Assert.DoesNotContain(Papers.SafeTuneBed2025.OnTasks(FinetuneDatasets.Gsm8k).Claims, c => c.Name.StartsWith("experiment", StringComparison.Ordinal));
    }

    [Fact]
    public async Task OnSandbox_ShortGrid_GivesEveryClaimAVerdict()
    {
        Paper whole = Papers.SafeTuneBed2025.OnSandbox();
        Paper paper = whole with { Grid = whole.Grid with { Methods = ["none", "lora", "lisa"], Overlays = [], Seeds = [0], Training = new TrainingOptions { Steps = 12 } } };
        await using ExperimentRunner runner = Bed(paper);

        GridReport report = await runner.RunAsync(paper.Grid, cancellationToken: Token);
        ClaimReport found = paper.Check(report);

        Assert.Equal(paper.Claims.Count, found.Results.Count);
        Assert.Equal(5, found.Results.Count(r => r.Reason.Contains("sandbox's model", StringComparison.Ordinal))); // MMLU and MT-Bench
        Assert.All(found.Results.Where(r => !r.Reason.Contains("sandbox's model", StringComparison.Ordinal)), r => Assert.NotNull(r.Value));
        ClaimResult safer = found["sandbox-sentiment-lisa-safer-under-poison"];
        PairedComparison compared = report.Compare(report.Row("lora", "sandbox-sentiment-high"), report.Row("lisa", "sandbox-sentiment-high"), safer.Claim.Metric);
        Assert.Equal((compared.Difference, compared.Lower, compared.Upper, 144), (safer.Value, safer.Lower, safer.Upper, safer.Count));
        Assert.Contains("no evidence about Llama-2", found.ToMarkdown(), StringComparison.Ordinal);
    }

    private ExperimentRunner Bed(Paper paper) => ExperimentRunner.Create(bed => bed
        .AddMethods().AddEvaluators().AddPaper(paper).AddScriptedJudge("judge", _ => "8/10").AddDataRoot(folder).UseRunFolder(Path.Combine(folder, "runs")));
}
