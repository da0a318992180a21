using System.Security.Cryptography;
using System.Text;
using SafeTuneBed.Mmlu;
using SafeTuneBed.Statistics;
using SafeTuneBed.Tests.Core.Data;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Evaluation;

/// <summary>MMLU's texts against published hashes, and its numbers on made-up models.</summary>
public sealed class MmluTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("abstract_algebra", "ff9b00310e214beacf4b324da8c9e6c1de4e49cb422f1bcb1f7037b78f40a2a3", "da2912d4e148f4edca160fef6e2223e5a198274da16b2bdca2a16695df8b77de", "04ebc0806ad169c848f7078af1359da6f9f2c07f662e9f3cea9a94c7d54cbc7d")]
    [InlineData("high_school_us_history", "c1055496cb5a933dc73c6edd57260730714d6020b8a5af36197f5ae822de467a", "1452feec8f684c8d7d679cf44b0953129ae4441ce77732cfcf8882d209ebdce8", "e8deb32f229ceb8b0ea4c3729365bbd700ea40b982088c8d8c999c1452a2b308")]
    [InlineData("professional_law", "eb17bcd71cfdbe4d85682ee33fcaeaf0f7717409b8b28389bbe85ddbc671d010", "7e0d4e7677b5f4b89fd444f284027ea1ebe8ebe1aa1a9939c5dec098420e2d8e", "60263c000b1c5d89e360c9071f2f90020701554e0b29bd61414bece11bee9a09")]
    public async Task Texts_FirstQuestionOfASubject_HaveTheReferenceHashes(string subject, string harness, string hendrycks, string withoutExamples)
    {
        var model = new FakeCausalModel();
        await RunAsync(model, o => (o.Presets, o.Subjects, o.QuestionsPerSubject) = (["ll-5shot"], [subject], 1));
        await RunAsync(model, o => (o.Presets, o.Subjects, o.QuestionsPerSubject) = (["ll-0shot"], [subject], 1));
        var brief = new FakeCausalModel { Tokens = _ => 2048 };
        await RunAsync(brief, o => (o.Presets, o.Subjects, o.QuestionsPerSubject) = (["hendrycks"], [subject], 1));
        Assert.Equal([harness, withoutExamples], model.Asked.Select(a => Hash(a.Text)).Distinct());
        Assert.Equal([hendrycks], brief.Asked.Select(a => Hash(a.Text)).Distinct());
        Assert.Equal([" A", " B", " C", " D"], brief.Asked.Select(a => a.Continuation));
    }

    [Fact]
    public async Task LogLikelihood_AllSubjects_CountsBySubjectAndByBothMaps()
    {
        (PromptItem[] questions, _) = await DataAsync();
        var model = new FakeCausalModel { LogProbability = (_, c) => c == " D" ? -1 : -2 };
        EvaluationResult result = await RunAsync(model, o => o.Presets = ["ll-0shot"]);
        MetricValue accuracy = Aggregate(result, "ll-0shot/accuracy");
        Assert.Equal((14_042, 57), (accuracy.Count, accuracy.Groups.Count(g => g.Kind == "subject")));
        Assert.Equal([("humanities", 4_705), ("other", 3_242), ("social-sciences", 3_077), ("stem", 3_018)], accuracy.Groups.Where(g => g.Kind == "category-hendrycks").Select(g => (g.Name, g.Count)));
        Assert.Equal([("humanities", 4_705), ("other", 3_107), ("social-sciences", 3_077), ("stem", 3_153)], accuracy.Groups.Where(g => g.Kind == "category-lm-eval").Select(g => (g.Name, g.Count)));
        Assert.Equal(0.269, accuracy.Value!.Value, 0.0005); // always D

        // micro: the right answers of all; macro: the mean of the subjects
        Assert.Equal(questions.Count(q => q.Fields["answer"] == "3") / 14_042.0, accuracy.Value.Value, 1e-12);
        Assert.Equal(questions.GroupBy(q => q.Fields["subject"]).Average(g => g.Count(q => q.Fields["answer"] == "3") / (double)g.Count()), Aggregate(result, "ll-0shot/accuracy-by-subject").Value!.Value, 1e-12);
        Assert.Equal("clustered-bootstrap", accuracy.IntervalMethod);
        Assert.All(accuracy.Groups, g => Assert.True(g.Lower <= g.Value && g.Value <= g.Upper));
        Assert.Equal(0, Aggregate(result, "ll-0shot/tied").Value);
    }

    [Fact]
    public async Task LogLikelihood_EqualOptions_TakeTheFirstAndCountAsTied()
    {
        EvaluationResult result = await RunAsync(new FakeCausalModel { LogProbability = (_, _) => -1 }, o => (o.Subjects, o.QuestionsPerSubject) = (["anatomy"], 20));
        Assert.All(result.Of("ll-5shot/accuracy").Values, s => Assert.Equal("A", s.Label));
        Assert.Equal(1, Aggregate(result, "ll-5shot/tied").Value);
    }

    [Fact]
    public async Task LogLikelihood_NotFinite_IsUnscoredInItsSubject()
    {
        int asked = 0;
        EvaluationResult result = await RunAsync(new FakeCausalModel { LogProbability = (_, c) => asked++ == 2 ? double.NaN : -c.Length }, o => (o.Subjects, o.QuestionsPerSubject) = (["anatomy"], 4));
        Assert.Equal(1, result.Of("ll-5shot/accuracy").Values.Count(s => s.UnscoredReason == UnscoredReason.GenerationFailed && s.Groups!["subject"] == "anatomy"));
        Assert.Equal((4, 3), (Aggregate(result, "ll-5shot/accuracy").Groups[0].Count, Aggregate(result, "ll-5shot/accuracy").Groups[0].ScoredCount));
    }

    [Fact]
    public async Task Hendrycks_TooLong_TakesExamplesAwayUntilItFits()
    {
        // 400 tokens an example: 2,048 hold the question and four.
        var model = new FakeCausalModel { Tokens = text => 400 * (text.Split("\nAnswer:").Length - 1) };
        EvaluationResult result = await RunAsync(model, o => (o.Presets, o.Subjects, o.QuestionsPerSubject) = (["hendrycks"], ["virology"], 3));
        Assert.All(model.Asked, a => Assert.Equal(4, a.Text.Split("\nAnswer:").Length - 2));
        Assert.Equal(1, Aggregate(result, "hendrycks/fewer-examples").Value);
    }

    [Theory]
    [InlineData("B", 1, 1)]
    [InlineData(" (C) because", 2, 2)]
    [InlineData("The answer is D.", 3, 3)]
    [InlineData("A is wrong. The answer is: (B)", 1, 0)]
    [InlineData("Don't", null, 3)]
    [InlineData("All of", null, 0)]
    [InlineData("Both", null, 1)]
    [InlineData("42", null, null)]
    [InlineData("", null, null)]
    public void Letters_OfGeneratedAnswers_AreFoundByBothRules(string answer, int? letter, int? reference) =>
        Assert.Equal((letter, reference), (MmluPreset.FindLetter(answer), MmluPreset.FindReferenceLetter(answer)));

    [Fact]
    public async Task Generated_Presets_AskAsTheirProtocolsSay()
    {
        var model = new FakeCausalModel { Answer = text => text.StartsWith("Question: ", StringComparison.Ordinal) ? "Don" : "The answer is B" };
        EvaluationResult result = await RunAsync(model, o => (o.Presets, o.Subjects, o.QuestionsPerSubject) = (["gen", "gen-ref"], ["virology"], 8));
        Assert.Equal([2, 32], model.Limits.Order());
        Assert.All(model.Asked.Where(a => a.Text.StartsWith("Question: ", StringComparison.Ordinal)), a => Assert.EndsWith("\nAnswer:", a.Text));
        Assert.All(result.Of("gen/accuracy").Values, s => Assert.Equal("B", s.Label));
        Assert.All(result.Of("gen-ref/accuracy").Values, s => Assert.Equal("D", s.Label));
        Assert.Equal(EvaluatorNeeds.Prompts, new MmluEvaluator(new() { Presets = ["gen"] }).Needs);
        Assert.True(new MmluEvaluator(new() { Presets = ["gen", "gen-ref"] }).Needs.HasFlag(EvaluatorNeeds.LogProbabilities));
    }

    [Fact]
    public async Task EvaluateAsync_QuestionsInAnotherOrder_GiveTheSameScores()
    {
        (PromptItem[] questions, PromptItem[] examples) = await DataAsync();
        questions = [.. questions.Where(q => q.Fields["subject"] is "anatomy" or "virology")];
        var model = new FakeCausalModel { LogProbability = (t, c) => -((t.Length * 31) + c[1]) % 7 };
        EvaluationResult first = await RunAsync(model, _ => { }, questions, examples), second = await RunAsync(model, _ => { }, [.. questions.Reverse()], examples);
        Assert.Equal(first.Scores.Select(Text).Order(StringComparer.Ordinal), second.Scores.Select(Text).Order(StringComparer.Ordinal));
        foreach (MetricDefinition metric in new MmluEvaluator(new()).Metrics)
        {
            MetricValue one = Aggregate(first, metric.Name), two = Aggregate(second, metric.Name);
            Assert.Equal((one.Value, one.Lower, one.Upper), (two.Value, two.Lower, two.Upper));
        }

        static string Text(SampleScore s) => $"{s.ItemId} {s.Metric} {s.Value} {s.Label}";
    }

    [Theory]
    [InlineData("ll-4shot")]
    [InlineData("gen", "gen")]
    [InlineData]
    public void Options_UnknownOrRepeatedPreset_IsRefused(params string[] presets) => Assert.Throws<ConfigurationException>(() => new MmluEvaluator(new() { Presets = presets }));

    [Fact]
    public async Task EvaluateAsync_UnknownSubject_NamesTheKnownOnes() =>
        Assert.Contains("virology", (await Assert.ThrowsAsync<ConfigurationException>(() => RunAsync(new FakeCausalModel(), o => o.Subjects = ["alchemy"]))).Message);

    private static async Task<EvaluationResult> RunAsync(FakeCausalModel model, Action<MmluOptions> configure)
    {
        (PromptItem[] questions, PromptItem[] examples) = await DataAsync();
        return await RunAsync(model, configure, questions, examples);
    }

    private static async Task<EvaluationResult> RunAsync(FakeCausalModel model, Action<MmluOptions> configure, PromptItem[] questions, PromptItem[] examples)
    {
        var options = new MmluOptions();
        configure(options);
        var evaluator = new MmluEvaluator(options);
        return await evaluator.EvaluateAsync(
            new EvaluationContext
            {
                EvaluatorName = "mmlu", Model = model, PromptItems = questions, Generation = evaluator.Generation,
                FurtherPrompts = new Dictionary<string, IReadOnlyList<PromptItem>> { ["mmlu-dev"] = examples },
            },
            Token);
    }

    private static async Task<(PromptItem[] Questions, PromptItem[] Examples)> DataAsync()
    {
        DatasetCatalog catalog = Bed.Catalog(Path.GetDirectoryName(SharedFolder.Require("data", "mmlu"))!);
        return ([.. await catalog.LoadPromptsAsync(PromptSets.Mmlu, Token)], [.. await catalog.LoadPromptsAsync(PromptSets.MmluDev, Token)]);
    }

    private static MetricValue Aggregate(EvaluationResult result, string metric)
    {
        MetricDefinition definition = new MmluEvaluator(new() { Presets = [metric.Split('/')[0]] }).Metrics.First(m => m.Name == metric);
        return new MetricAggregator().Aggregate($"mmlu/{metric}", definition, [.. result.Scores.Where(s => s.Metric == metric)]);
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
