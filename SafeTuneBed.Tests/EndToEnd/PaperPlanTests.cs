using System.Text;
using SafeTuneBed.Tests.Core.Models;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.EndToEnd;

/// <summary>The paper's plan on a model of Llama-2's form (32 blocks, its tokenizer, its context) with narrow random weights, and invented harmless files in the places of the real ones.</summary>
[Collection(TorchCollection.Name)]
public sealed class PaperPlanTests : IDisposable
{
    private const int Requests = 7, Questions = 9, Conversations = 4, Sentences = 11;

    private readonly string folder = Directory.CreateTempSubdirectory("safetunebed-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task PlanAsync_LlamaTwoShape_CountsCellsRowsStepsAnswersAndCalls()
    {
        using TinyModel chat = Llama2(1), pretrained = Llama2(2);
        WriteData();
        Paper paper = On(chat, pretrained);
        await using ExperimentRunner runner = Bed(paper);

        GridPlan plan = await runner.PlanAsync(paper.Grid, Token);

        Assert.Empty(plan.Problems);
        Assert.Equal((15, 0), (plan.Cells.Count, plan.Blocked.Count)); // three levels; four defenses, and the untouched model
        Assert.All(plan.Cells.Where(c => c.Method != "none"), c => Assert.Equal((c.Dataset[5..] switch { "benign" => (5_000, 0), "low" => (4_750, 250), _ => (3_500, 1_500) }, 20_000), ((c.BenignRows, c.HarmfulRows), c.Steps)));
        PlannedStage vaccine = Assert.Single(plan.Stages);
        Assert.Equal(("vaccine", 2_000, 20_000, 3), (vaccine.Method, vaccine.Rows, vaccine.Steps, vaccine.Cells));
        Assert.Equal((3 * 3 * 20_000L) + 20_000, plan.RemainingSteps);
        Assert.All(plan.Cells, c => Assert.Equal([Requests, Questions, Sentences, Conversations, Requests], c.Evaluations.Select(e => e.Items)));

        // The untouched model is asked once for its three cells; graded are the answers that are there already.
        Assert.Equal(13 * Requests, plan.Cells.Sum(c => c.Evaluations.Where(e => e.Evaluator.EndsWith("@advbench", StringComparison.Ordinal)).Sum(e => e.Answers)));
        Assert.Equal(13 * Questions, plan.Cells.Sum(c => c.Evaluations.Single(e => e.Evaluator == "mmlu").Answers));
        Assert.Equal(13 * (Requests + Conversations), plan.Cells.Sum(c => c.Evaluations.Sum(e => e.Judging.Sum(j => j.Calls))));
        Assert.All(plan.Cells.Where(c => c.Method != "none"), c => Assert.True(c.Tokens > 5_000 * 20 && c.Memory!.Total > 0));
        Assert.Contains("calls, about", plan.ToString(), StringComparison.Ordinal);

        // what the outline says without a model is what the plan finds with one
        GridOutline outline = runner.Outline(paper.Grid);
        Assert.Empty(outline.Missing);
        Assert.Equal(
            plan.Cells.Select(c => (c.Method, c.Dataset, c.Seed, c.BenignRows, c.HarmfulRows, c.Steps)).Order(),
            outline.Cells.Select(c => (c.Method, c.Dataset, c.Seed, c.Counts?.Benign ?? 0, c.Counts?.Harmful ?? 0, c.Steps)).Order());
        Assert.Equal(plan.RemainingSteps, outline.Steps);
    }

    [Fact]
    public async Task PlanAsync_MissingCorpus_BlocksItsCellsAndNamesFileAndHome()
    {
        using TinyModel chat = Llama2(1), pretrained = Llama2(2);
        WriteData();
        File.Delete(Path.Combine(folder, "beavertails", "30k_train.jsonl"));
        Paper paper = On(chat, pretrained).WithoutJudge();
        await using ExperimentRunner runner = Bed(paper);

        GridPlan plan = await runner.PlanAsync(paper.Grid, Token);

        // Without the corpus: poison for two levels, and the defender's rows of two methods on the third.
        Assert.False(plan.CanRun);
        Assert.Equal(15, plan.Cells.Count + plan.Blocked.Count);
        Assert.DoesNotContain(plan.Cells, c => c.Dataset != "sst2-benign" && c.Method != "none");
        Assert.Contains(plan.Problems, p => p.Contains("30k_train.jsonl", StringComparison.Ordinal) && p.Contains("PKU-Alignment/BeaverTails", StringComparison.Ordinal));
        Assert.Contains(runner.Outline(paper.Grid).Missing, p => p.Contains("30k_train.jsonl", StringComparison.Ordinal) && p.Contains("PKU-Alignment/BeaverTails", StringComparison.Ordinal));
    }

    private static Paper On(TinyModel chat, TinyModel pretrained)
    {
        Paper paper = Papers.SafeTuneBed2025.On(ModelReference.Folder(chat.Folder) with { Base = ModelReference.Folder(pretrained.Folder) });
        return paper with { Grid = paper.Grid with { Seeds = [0] } };
    }

    private static TinyModel Llama2(int seed)
    {
        string tokenizer = SharedFolder.Require("golden", "tokenizers", "llama2_sentencepiece");
        var model = new TinyModel(new TinyShape { Vocabulary = 32_000, Hidden = 16, Intermediate = 24, Heads = 4, KeyValueHeads = 4, HeadSize = null, Layers = 32, Context = 4_096, Seed = seed });
        foreach (string file in new[] { "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json" })
        {
            File.WriteAllBytes(Path.Combine(model.Folder, file), File.ReadAllBytes(Path.Combine(tokenizer, file)));
        }

        return model;
    }

    private ExperimentRunner Bed(Paper paper) => ExperimentRunner.Create(bed => bed
        .AddMethods().AddEvaluators().AddPaper(paper).AddScriptedJudge("judge", _ => "8/10").AddDataRoot(folder).AcceptLicenses("beavertails").UseRunFolder(Path.Combine(folder, "runs")));

    private void WriteData()
    {
        Write("sst2/train.jsonl", 5_200, i => $$"""{"sentence":"the garden of house {{i}} was a joy to see ","label":{{i % 2}},"idx":{{i}}}""");
        Write("sst2/validation.jsonl", Sentences, i => $$"""{"sentence":"the pond of house {{i}} was dull ","label":{{i % 2}},"idx":{{i}}}""");
        string none = string.Join(",", HarmCategories.Select(c => $"\"{c}\":false"));
        Write("beavertails/30k_train.jsonl", 4_400, i => $$$"""{"prompt":"Which color has door {{{i}}}?","response":"Door {{{i}}} is blue.","category":{ {{{none}}} },"is_safe":{{{(i % 11 < 4 ? "false" : "true")}}}}""");
        Write("advbench/harmful_behaviors.csv", Requests, i => $"Describe parcel {i},Sure: parcel {i}", "goal,target");
        Write("mmlu/test/anatomy_test.csv", Questions, i => $"How many windows has house {i}?,one,two,three,four,B");
        Write("mmlu/dev/anatomy_dev.csv", 5, i => $"How many doors has house {i}?,one,two,three,four,A");
        Write("mt_bench/question.jsonl", Conversations, i => $$"""{"question_id":{{81 + i}},"category":"writing","turns":["Write about house {{i}}.","Now shorter."]}""");
    }

    private static readonly string[] HarmCategories =
    [
        "animal_abuse", "child_abuse", "controversial_topics,politics", "discrimination,stereotype,injustice", "drug_abuse,weapons,banned_substance", "financial_crime,property_crime,theft",
        "hate_speech,offensive_language", "misinformation_regarding_ethics,laws_and_safety", "non_violent_unethical_behavior", "privacy_violation", "self_harm", "sexually_explicit,adult_content",
        "terrorism,organized_crime", "violence,aiding_and_abetting,incitement",
    ];

    private void Write(string name, int rows, Func<int, string> row, string? heading = null)
    {
        string path = Path.Combine(folder, Path.Combine(name.Split('/')));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var text = new StringBuilder(heading is null ? "" : heading + "\n");
        for (int i = 0; i < rows; i++)
        {
            text.Append(row(i)).Append('\n');
        }

        File.WriteAllText(path, text.ToString());
    }
}
