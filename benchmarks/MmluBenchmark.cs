using System.Diagnostics;
using SafeTuneBed.Diagnostics;
using SafeTuneBed.Mmlu;
using SafeTuneBed.Models;
using SafeTuneBed.Models.Families;
using SafeTuneBed.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Benchmarks;

/// <summary>
/// MMLU with five examples: the library's way (all options of a question in one pass, what questions begin with computed once, the head where it is asked) against the plain
/// one (a pass for each option over the whole text, logits at every position). Both must agree.
/// </summary>
internal static class MmluBenchmark
{
    public static async Task<int> RunAsync(Arguments arguments)
    {
        string folder = arguments.Find("model") ?? throw new ArgumentException("Name the model's folder: --model <folder>.");
        string data = arguments.Find("data") ?? throw new ArgumentException("Name the folder of the corpora: --data <folder>.");
        string[] subjects = arguments.Text("subjects", "anatomy,computer_security,high_school_us_history").Split(',');
        string[] texts = await TextsAsync(data, subjects, arguments.Number("questions", 100));
        string[] options = [.. MmluItem.Letters.Select(l => " " + l)];

        ScalarType type = CapabilityProbe.Choose(DataType.Auto, CPU, ModelFamilies.Describe(folder).HiddenSize);
        using var decoder = Decoder.Load(folder, type, CPU);
        var plain = new PlainText(ModelTokenizer.Load(folder), decoder.Options.ContextLength);
        var scorer = new ContinuationScorer(decoder);
        (string, string)[] requests = [.. texts.SelectMany(t => options.Select(o => (t, o)))];
        scorer.Score([.. plain.Split([.. requests.Take(40)]).Select(w => (w.Context, w.Continuation))]); // warms up

        long start = Stopwatch.GetTimestamp();
        IReadOnlyList<PlainTextWindow> windows = plain.Split(requests);
        double encoding = Stopwatch.GetElapsedTime(start).TotalSeconds;
        IReadOnlyList<ContinuationScore> shared = scorer.Score([.. windows.Select(w => (w.Context, w.Continuation))]);
        double sharedSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;

        int count = Math.Min(texts.Length, arguments.Number("naive", texts.Length));
        int[] asked = [.. Enumerable.Range(0, count).Select(i => i * texts.Length / count)];
        double worst = 0;
        int agreed = 0;
        start = Stopwatch.GetTimestamp();
        foreach (int question in asked)
        {
            double[] logs = [.. Enumerable.Range(0, options.Length).Select(o => PassOverAll(decoder, plain.Split([requests[(question * options.Length) + o]])[0]))];
            double[] mine = [.. shared.Skip(question * options.Length).Take(options.Length).Select(s => s.LogProbability)];
            worst = Math.Max(worst, logs.Zip(mine).Max(p => Math.Abs(p.First - p.Second)));
            agreed += Array.IndexOf(logs, logs.Max()) == Array.IndexOf(mine, mine.Max()) ? 1 : 0;
        }

        double naiveSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        double mineEach = sharedSeconds / texts.Length, naiveEach = naiveSeconds / count;
        Console.WriteLine($"{texts.Length} questions, {windows.Average(w => w.Context.Length):N0} tokens on average, {windows.Max(w => w.Context.Length)} at most, {windows.Count(w => w.DroppedTokens > 0) / options.Length} cut; {type}, {get_num_threads()} threads");
        Console.WriteLine($"one pass, shared beginnings: {sharedSeconds:N1} s ({encoding:N1} of it tokenizing), {1000 * mineEach:N1} ms a question");
        Console.WriteLine($"a pass for each option ({count} questions): {naiveSeconds:N1} s, {1000 * naiveEach:N1} ms a question; {naiveEach / mineEach:N1} times as long");
        Console.WriteLine($"largest difference of a log-probability {worst:0.0e+0}; same answer to {agreed} of {count}");
        return worst <= 1e-4 && agreed == count ? 0 : 1;
    }

    private static double PassOverAll(Decoder decoder, PlainTextWindow window)
    {
        using var scope = NewDisposeScope();
        using var inference = inference_mode();
        long[] ids = [.. window.Context.Concat(window.Continuation).SkipLast(1).Select(i => (long)i)];
        Tensor hidden_1TD = decoder.Extend(tensor(ids, [1, ids.Length], device: decoder.Device), null, ids.Length, null, null);
        Tensor logs_TV = nn.functional.log_softmax(decoder.Head(hidden_1TD.view(-1, decoder.Options.HiddenSize)).to(ScalarType.Float32), 1);
        return window.Continuation.Select((id, i) => logs_TV[window.Context.Length - 1 + i, id].item<float>()).Sum(l => (double)l);
    }

    private static async Task<string[]> TextsAsync(string data, string[] subjects, int questions)
    {
        await using var runner = ExperimentRunner.Create(bed => bed.AddMethods().AddEvaluators().AddDataRoot(data));
        ILookup<string, MmluItem> examples = (await runner.Datasets.LoadPromptsAsync(PromptSets.MmluDev)).Select(p => MmluItem.Of(p, "mmlu")).ToLookup(i => i.Subject);
        return
        [
            .. (await runner.Datasets.LoadPromptsAsync(PromptSets.Mmlu)).Select(p => MmluItem.Of(p, "mmlu")).Where(i => subjects.Contains(i.Subject)).GroupBy(i => i.Subject)
                .SelectMany(g => g.Take(questions)).Select(i => MmluPrompt.Harness(i with { Examples = [.. examples[i.Subject]] }, 5)),
        ];
    }
}
