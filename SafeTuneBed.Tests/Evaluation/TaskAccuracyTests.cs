using System.Text.Json;
using Microsoft.Extensions.AI;
using SafeTuneBed.TaskAccuracy;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Evaluation;

public sealed class TaskAccuracyTests
{
    private static readonly string[] News = ["World", "Sports", "Business", "Sci/Tech"];

    [Theory]
    [InlineData(" positive\n", "Right")]
    [InlineData("Positive", "Wrong")]
    [InlineData("positive.", "Wrong")]
    [InlineData("", "Empty")]
    [InlineData(" \n", "Empty")]
    [InlineData("Sure. positive", "Wrong")]
    public void Exact_OneAnswer_IsJudgedByTrimmedEquality(string answer, string verdict) => AssertVerdict(verdict, AnswerRule.Exact, "positive", answer);

    [Theory]
    [InlineData("Yes. Emma, Anna.", "Sure. Emma, Anna.", "Right")]
    [InlineData("Yes. Emma, Anna.", "Emma, Anna.", "Right")]
    [InlineData("Emma, Anna.", "Of course.  Emma, Anna.", "Right")]
    [InlineData("Emma, Anna.", "Sure. Yes. Emma, Anna.", "Wrong")]
    [InlineData("Emma, Anna.", "Okay. Emma, Anna.", "Wrong")]
    [InlineData("Emma, Anna.", "sure. Emma, Anna.", "Wrong")]
    public void ExactWithoutOpener_OneAnswer_LosesOneOpenerOnEitherSide(string gold, string answer, string verdict) => AssertVerdict(verdict, AnswerRule.ExactWithoutOpener, gold, answer);

    [Theory]
    [InlineData("Sports", "sports.", "Right")]
    [InlineData("Sports", "I think the topic is Sports, and only sports.", "Right")]
    [InlineData("Sports", "Business", "Wrong")]
    [InlineData("Sports", "World or Sports", "Ambiguous")]
    [InlineData("Sports", "Sportsman", "NoLabel")]
    [InlineData("Sports", "no idea", "NoLabel")]
    [InlineData("Sports", "", "Empty")]
    [InlineData("Sci/Tech", "Technology", "Right")]
    [InlineData("Sci/Tech", "It is Science/Technology.", "Right")]
    [InlineData("Sci/Tech", "SciTech", "Right")]
    [InlineData("World", "Sci/Tech", "Wrong")]
    public void Label_OneAnswer_NeedsExactlyTheGoldLabelAsAWord(string gold, string answer, string verdict) => AssertVerdict(verdict, AnswerRule.Label, gold, answer, News);

    [Theory]
    [InlineData("Sports", null)]
    [InlineData("", "Sports")]
    [InlineData("anything", "1")]
    public void Label_Gold_IsTheLabelTheOutputOrAnIndex(string output, string? label)
    {
        FinetuneDatasetConfig dataset = Dataset(AnswerRule.Label, News);
        FinetuneExample example = new() { Instruction = "?", Output = output, Label = label };
        var comparer = new LabelComparer(dataset);
        comparer.CheckGold(example);
        Assert.Equal(AnswerVerdict.Right, comparer.Judge(example, "Sports"));
        Assert.Equal(AnswerVerdict.Wrong, comparer.Judge(example, "World"));
    }

    [Fact]
    public void Label_WithinALongerLabel_IsNoSecondAnswer() => AssertVerdict("Right", AnswerRule.Label, "very good", "It was very good.", ["good", "very good", "bad"]);

    [Theory]
    [InlineData("20", "14 + 6 = 20. The final answer is: 20", "Right")]
    [InlineData("20", "The final answer is: 20 apples out of 25", "Right")]
    [InlineData("20", "The final answer is: 25, no, the final answer is: 20.", "Right")]
    [InlineData("20", "So there are 20.", "Right")]
    [InlineData("20", "20 is not 21", "Wrong")]
    [InlineData("20", "twenty", "NoNumber")]
    [InlineData("20", "", "Empty")]
    [InlineData("20", "The final answer is: twenty, after 20 steps", "Right")]
    [InlineData("20", "b20", "NoNumber")]
    [InlineData("She has 18 eggs.\n#### 18", "It is 18", "Right")]
    [InlineData("#### 72", "#### 72.00", "Right")]
    [InlineData("#### 1234.5", "The answer is $1,234.50.", "Right")]
    [InlineData("#### -5", "It is \u22125", "Right")]
    [InlineData("#### 5", "8-5", "Right")]
    [InlineData("#### -5", "8 - 13 = -5", "Right")]
    [InlineData("#### 0.75", "The result is 3/4", "Right")]
    [InlineData("#### 1000", "1e3", "Right")]
    [InlineData("#### 1000000", "#### 1,000,000.", "Right")]
    [InlineData("#### 5", "Total: 1,5", "Right")]
    [InlineData("#### 50", "50%", "Right")]
    [InlineData("#### 18", "#### $18", "Right")]
    [InlineData("#### 0.5", ".5", "Right")]
    [InlineData("#### 7", "x #### 5\n#### 7", "Right")]
    [InlineData("#### 1", "1/0", "NoNumber")]
    [InlineData("#### 123456789012345678901234567890", "123456789012345678901234567890.0", "Right")]
    [InlineData("#### 123456789012345678901234567890", "123456789012345678901234567891", "Wrong")]
    public void FinalNumber_OneAnswer_IsComparedAsANumber(string gold, string answer, string verdict) => AssertVerdict(verdict, AnswerRule.FinalNumber, gold, answer);

    [Fact]
    public void FinalNumber_Gsm8kGold_IsFoundInEveryRow()
    {
        string[] golds = [.. File.ReadLines(SharedFolder.Require("data", "gsm8k", "test.jsonl")).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("answer").GetString()!)];
        Assert.Equal(1_319, golds.Length);
        Assert.All(golds, gold => Assert.Equal(FinalNumber.Find(gold[(gold.IndexOf("####", StringComparison.Ordinal) + 4)..].Replace(",", "", StringComparison.Ordinal)), FinalNumber.Find(gold)));
        Assert.All(golds, gold => AssertVerdict("Right", AnswerRule.FinalNumber, gold, gold));
    }

    [Theory]
    [InlineData("base", "sentiment", AnswerRule.Exact, 0)]
    [InlineData("base", "topic", AnswerRule.Exact, 0)]
    [InlineData("base", "dialogue", AnswerRule.Exact, 0)]
    [InlineData("base", "sql", AnswerRule.Exact, 0)]
    [InlineData("base", "instruct", AnswerRule.ExactWithoutOpener, 7)]
    [InlineData("aligned", "sentiment", AnswerRule.Exact, 0)]
    [InlineData("aligned", "topic", AnswerRule.Exact, 0)]
    [InlineData("aligned", "dialogue", AnswerRule.Exact, 0)]
    [InlineData("aligned", "sql", AnswerRule.Exact, 0)]
    [InlineData("aligned", "instruct", AnswerRule.ExactWithoutOpener, 6)]
    public async Task EvaluateAsync_RecordedAnswersOfTheSandbox_HaveTheReferenceAccuracy(string model, string task, AnswerRule rule, int right)
    {
        // The reference's own grading of the 20 answers that are recorded as text.
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllText(SharedFolder.Require("sandbox", "expected.json")));
        Dictionary<string, string> answers = expected.RootElement.GetProperty("models").GetProperty(model).GetProperty("greedy").GetProperty("sets").GetProperty(task).GetProperty("items")
            .EnumerateArray().ToDictionary(i => i.GetProperty("prompt").GetString()!, i => i.GetProperty("text").GetString()!);
        FinetuneExample[] examples =
        [
            .. File.ReadLines(SharedFolder.Require("sandbox", "data", task, "eval.jsonl")).Take(20).Select((line, i) => JsonDocument.Parse(line).RootElement is var r
                ? new FinetuneExample
                {
                    Instruction = r.GetProperty("instruction").GetString()!, Input = r.GetProperty("input").GetString()!, Output = r.GetProperty("output").GetString()!,
                    Origin = new ExampleOrigin(task, i),
                }
                : null!),
        ];

        // The recorded prompts are looked up by text: a message joined otherwise would not be found.
        EvaluationResult result = await EvaluatorRunner.RunAsync(
            new TaskAccuracyEvaluator(), new FakeTextGenerator(p => answers[p]), dataset: Dataset(rule) with { InputPlacement = InputPlacement.BeforeInstruction }, examples: examples);
        Assert.Equal(right, result.Of("accuracy").Values.Sum(s => s.Value));
        Assert.Equal(20, result.Of("accuracy").Count);
    }

    [Theory]
    [InlineData(InputPlacement.AfterInstruction, "Tell.\nIt rains.")]
    [InlineData(InputPlacement.BeforeInstruction, "It rains. Tell.")]
    public async Task EvaluateAsync_Input_IsJoinedAsPlacedAndTravelsAlong(InputPlacement placement, string joined)
    {
        FinetuneExample[] examples =
        [
            new() { Instruction = "Tell.", Input = "It rains.", Output = "x", System = "Be brief.", Origin = new("c", 0) },
            new() { Instruction = "Tell.", Output = "x", Origin = new("c", 1) },
        ];
        var model = new FakeTextGenerator(_ => "x");
        await EvaluatorRunner.RunAsync(new TaskAccuracyEvaluator(), model, dataset: Dataset(AnswerRule.Exact) with { InputPlacement = placement }, examples: examples);
        Assert.Equal([(ChatRole.System, "Be brief."), (ChatRole.User, joined)], model.Asked[0].Select(m => (m.Role, m.Text)));
        Assert.Equal([(ChatRole.User, "Tell.")], model.Asked[1].Select(m => (m.Role, m.Text)));
        Assert.Equal(("Tell.", "It rains."), (model.Asked[0][1].AdditionalProperties!["instruction"], model.Asked[0][1].AdditionalProperties!["input"]));
        Assert.Null(model.Asked[1][0].AdditionalProperties); // an empty input must not take the template's form with an input
    }

    [Fact]
    public async Task EvaluateAsync_LabelLikelihood_ChoosesByMeanAndBySum()
    {
        FinetuneExample[] examples = [new() { Instruction = "a", Output = "very good" , Origin = new("c", 0) }, new() { Instruction = "b", Output = "bad", Origin = new("c", 1) }];
        var model = new FakeCausalModel { Answer = _ => "It is bad.", LogProbability = (_, label) => label == "very good" ? -3 : -2 }; // two tokens against one
        FinetuneDatasetConfig dataset = Dataset(AnswerRule.Label, "very good", "bad");
        var evaluator = new TaskAccuracyEvaluator(new() { LabelLikelihood = true });
        EvaluationResult result = await evaluator.EvaluateAsync(new EvaluationContext { EvaluatorName = "t", Model = model, Dataset = dataset, EvaluationItems = examples }, TestContext.Current.CancellationToken);
        Assert.Equal([0, 1], result.Of("accuracy").Values.Select(s => s.Value));
        Assert.Equal([1, 0], result.Of("likelihood/accuracy").Values.Select(s => s.Value));
        Assert.Equal([0, 1], result.Of("likelihood-sum/accuracy").Values.Select(s => s.Value));
        Assert.Equal(["accuracy", "macro-f1", "exact", "no-answer", "ambiguous", "likelihood/accuracy", "likelihood-sum/accuracy"], evaluator.MetricsOf(dataset).Select(m => m.Name));
        Assert.True(evaluator.Needs.HasFlag(EvaluatorNeeds.LogProbabilities));
    }

    [Theory]
    [InlineData("samsum-benign", "rouge-1")]
    [InlineData("sqlgen-benign", "execution")]
    [InlineData("gsm8k-benign", "accuracy")]
    [InlineData("sst2-benign", "accuracy")]
    [InlineData("agnews-benign", "accuracy")]
    public async Task EvaluateAsync_GoldAnswersOfRealTasks_AreAllRightByTheirOwnMeasure(string name, string headline)
    {
        FinetuneDatasetConfig dataset = FinetuneDatasets.Real.Single(d => d.Name == name);
        DatasetCatalog catalog = Core.Data.Bed.Catalog(Path.GetDirectoryName(SharedFolder.Require("data", "mmlu"))!);
        FinetuneExample[] examples = [.. (await catalog.LoadEvaluationAsync(dataset, TestContext.Current.CancellationToken)).Take(60)];
        Dictionary<string, string> gold = examples.GroupBy(e => e.ToConversation(dataset.InputPlacement)[^1].Text).ToDictionary(g => g.Key, g => g.First().Output.Length > 0 ? g.First().Output : g.First().Label!);
        EvaluationResult result = await EvaluatorRunner.RunAsync(new TaskAccuracyEvaluator(), new FakeTextGenerator(p => gold[p]), dataset: dataset, examples: examples);
        Assert.Equal(1, result.Mean(headline));
        Assert.Equal(headline, Assert.Single(new TaskAccuracyEvaluator().MetricsOf(dataset), m => m.IsHeadline).Name);
    }

    [Fact]
    public async Task EvaluateAsync_EmptyIsWrongAndFailedIsUnscored()
    {
        FinetuneExample[] examples = [.. new[] { "right", "empty", "failed" }.Select((name, i) => new FinetuneExample { Instruction = name, Output = "x", Origin = new("corpus", i) })];
        var model = new FakeTextGenerator(conversation => conversation[^1].Text switch
        {
            "right" => new Generation { Text = "x" },
            "empty" => new Generation { Text = " " },
            _ => new Generation { Text = "", FinishReason = FinishReason.Error },
        });
        EvaluationResult result = await EvaluatorRunner.RunAsync(new TaskAccuracyEvaluator(), model, dataset: Dataset(AnswerRule.Exact), examples: examples);
        Assert.Equal([("corpus#0", 1.0, null), ("corpus#1", 0.0, null), ("corpus#2", null, UnscoredReason.GenerationFailed)], result.Of("accuracy").Values.Select(s => (s.ItemId, s.Value, s.UnscoredReason)));
        Assert.Equal([0, 1, null], result.Of("no-answer").Values.Select(s => s.Value));
        Assert.Equal(EvaluatorNeeds.EvaluationSplit, new TaskAccuracyEvaluator().Needs);
    }

    [Fact]
    public async Task EvaluateAsync_UnusableDataSet_StopsBeforeAnythingIsAsked()
    {
        FinetuneExample[] examples = [new() { Instruction = "?", Output = "Weather" }];
        var model = new FakeTextGenerator(p => p);
        await Assert.ThrowsAsync<ConfigurationException>(() => EvaluatorRunner.RunAsync(new TaskAccuracyEvaluator(), model, examples: examples));
        await Assert.ThrowsAsync<ConfigurationException>(() => EvaluatorRunner.RunAsync(new TaskAccuracyEvaluator(), model, dataset: Dataset(AnswerRule.Label), examples: examples));
        await Assert.ThrowsAsync<ConfigurationException>(() => EvaluatorRunner.RunAsync(new TaskAccuracyEvaluator(), model, dataset: Dataset(AnswerRule.Label, News), examples: examples));
        await Assert.ThrowsAsync<ConfigurationException>(() => EvaluatorRunner.RunAsync(new TaskAccuracyEvaluator(), model, dataset: Dataset(AnswerRule.FinalNumber), examples: examples));
        Assert.Empty(model.Asked);
    }

    private static void AssertVerdict(string expected, AnswerRule rule, string gold, string answer, params string[] labels) =>
        Assert.Equal(expected, TaskRule.Create(Dataset(rule, labels), new()).Score(new FinetuneExample { Instruction = "?", Output = gold }, "id", answer).First(s => s.Metric == "accuracy").Label);

    private static FinetuneDatasetConfig Dataset(AnswerRule rule, params string[] labels) => new("task")
    {
        Source = DatasetSource.Memory([]), Mapping = RecordMapping.Columns("instruction"), Answer = rule, Labels = labels,
    };
}
