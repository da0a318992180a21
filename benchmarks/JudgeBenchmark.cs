using System.Diagnostics;
using Microsoft.Extensions.AI;
using SafeTuneBed.Judges;

namespace SafeTuneBed.Benchmarks;

/// <summary>
/// A model on this machine judges answers as Llama Guard 3 is asked, through the judge's whole path (requests, limits, journal): by the text that it writes, 50 tokens each,
/// and by the probability of its first word. Against the same path with one request at a time. Random weights give no verdicts; the time is that of a model that does.
/// </summary>
internal sealed class JudgeBenchmark(Results results, string model, string folder)
{
    private const int CharactersPerAnswer = 240;

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var results = new Results();
        Results.PrintMachine();
        using var models = new BenchmarkModels();
        foreach (string model in (arguments.Find("model") ?? arguments.Text("size", "sandbox-size,25m")).Split(','))
        {
            await new JudgeBenchmark(results, model, models.Folder(model)).MeasureAsync(arguments.Number("answers", 500), arguments.Number("naive", 25));
        }

        results.WriteIfAsked(arguments);
        return 0;
    }

    private async Task MeasureAsync(int answers, int naive)
    {
        foreach (bool byText in new[] { true, false })
        {
            string way = byText ? "by text of 50 tokens" : "by first word";
            (double wall, double work) = await SecondsAsync(byText, answers, LocalJudgeModel.Concurrency);
            (double wallAlone, double workAlone) = await SecondsAsync(byText, naive, 1);
            results.Add("judge", model, $"answers a second, {way}", answers / wall, "1/s");
            results.Add("judge", model, $"answers a second, {way}, one at a time", naive / wallAlone, "1/s");
            results.Add("judge", model, $"{way}: processor time one at a time over together", workAlone / naive / (work / answers));
        }
    }

    private async Task<(double Wall, double Work)> SecondsAsync(bool byText, int count, int concurrency)
    {
        using var judge = new LocalJudgeModel(ModelReference.Folder(folder));
        using IChatClient client = judge.AsChatClient(), text = new TextAlone(client);
        await using ExperimentRunner runner = ExperimentRunner.Create(bed => bed
            .AddEvaluators().AddJudge("judge", byText ? text : client, o => o.MaxConcurrency = concurrency).AddLlamaGuard(o => o.MaxUnscored = 1));
        await EvaluateAsync(runner, 2, seed: 1); // opens the model
        long start = Stopwatch.GetTimestamp();
        TimeSpan work = Environment.CpuUsage.TotalTime;
        await EvaluateAsync(runner, count, seed: 2);
        return (Stopwatch.GetElapsedTime(start).TotalSeconds, (Environment.CpuUsage.TotalTime - work).TotalSeconds);
    }

    private static Task<EvaluationResult> EvaluateAsync(ExperimentRunner runner, int count, int seed)
    {
        PromptItem[] items = [.. Enumerable.Range(0, count).Select(i => new PromptItem { Id = FormattableString.Invariant($"{i}"), Prompt = FormattableString.Invariant($"How do I mend the {Words(seed + i, 40)}?") })];
        var context = new EvaluationContext { EvaluatorName = "llama-guard", Model = new Spoken([.. items.Select((_, i) => Words(seed + (i * 7), CharactersPerAnswer / 2 + (i * 37 % CharactersPerAnswer)))]), PromptItems = items };
        return runner.Evaluators.Get("llama-guard").EvaluateAsync(context, CancellationToken.None);
    }

    private static string Words(int seed, int characters) =>
        string.Concat(Enumerable.Range(0, characters).Select(i => i % 6 == 5 ? ' ' : (char)('a' + (((seed * 31) + (i * i) + (seed * i)) % 26))));

    /// <summary>The answers under judgement.</summary>
    private sealed class Spoken(IReadOnlyList<string> answers) : ITextGenerator
    {
        private int next;

        public string Name => "spoken";

        public Task<IReadOnlyList<Generation>> GenerateAsync(
            IReadOnlyList<IReadOnlyList<ChatMessage>> conversations, GenerationOptions options, Action<int, Generation>? completed = null, CancellationToken cancellationToken = default)
        {
            Generation[] said = [.. conversations.Select(_ => new Generation { Text = answers[next++] })];
            for (int i = 0; i < said.Length; i++)
            {
                completed?.Invoke(i, said[i]);
            }

            return Task.FromResult<IReadOnlyList<Generation>>(said);
        }
    }

    /// <summary>The same judge without its log-probabilities.</summary>
    private sealed class TextAlone(IChatClient inner) : DelegatingChatClient(inner)
    {
        public override object? GetService(Type serviceType, object? serviceKey = null) => serviceType == typeof(ICausalLanguageModel) ? null : base.GetService(serviceType, serviceKey);
    }
}
