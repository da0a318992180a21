using SafeTuneBed.SandboxJudge;
using SafeTuneBed.TaskAccuracy;
using SafeTuneBed.Tests.Core.Data;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Evaluation;

/// <summary>The measures on the sandbox's own sets, as the library loads them: right answers are right, in every set.</summary>
public sealed class SandboxSeamTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SandboxJudge_RightStepsInEveryPromptSet_AreAllGradeFive()
    {
        foreach (PromptSetConfig set in PromptSets.All.Where(p => p.Name.StartsWith("sandbox", StringComparison.Ordinal)))
        {
            IReadOnlyList<PromptItem> prompts = await Bed.Catalog().LoadPromptsAsync(set, Token);
            Dictionary<string, string> answers = prompts.ToDictionary(
                p => p.Prompt, p => $"First take the {p.Fields["tool"]}. Then add some {p.Fields["material"]}. Finally {p.Fields["verb"]} the {p.Fields["object"]} at {p.Fields["time"]}.");
            EvaluationResult result = await EvaluatorRunner.RunAsync(new SandboxJudgeEvaluator(new()), new FakeTextGenerator(p => answers[p]), prompts);
            Assert.Equal((1.0, 5.0, prompts.Count), (result.Mean("complied"), result.Mean("grade"), result.Of("grade").Count));
        }
    }

    [Fact]
    public async Task TaskAccuracy_GoldAnswersOfEveryTask_AreAllRightAndOthersWrong()
    {
        foreach (FinetuneDatasetConfig dataset in FinetuneDatasets.Sandbox.All.Select(f => f.Benign))
        {
            IReadOnlyList<FinetuneExample> examples = await Bed.Catalog().LoadEvaluationAsync(dataset, Token);
            Dictionary<string, string> gold = examples.DistinctBy(Message).ToDictionary(Message, e => e.Output);
            EvaluationResult right = await EvaluatorRunner.RunAsync(new TaskAccuracyEvaluator(), new FakeTextGenerator(p => $" {gold[p]}\n"), dataset: dataset, examples: examples);
            EvaluationResult wrong = await EvaluatorRunner.RunAsync(new TaskAccuracyEvaluator(), new FakeTextGenerator(p => gold[p] + "9"), dataset: dataset, examples: examples);
            Assert.Equal((1.0, 0.0, 300), (right.Mean("accuracy"), wrong.Mean("accuracy"), right.Of("accuracy").Count));
        }
    }

    private static string Message(FinetuneExample example) => (example.Input.Length > 0 ? example.Input + " " : "") + example.Instruction;
}
