using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models;
using SafeTuneBed.Models.Families;
using static TorchSharp.torch;

namespace SafeTuneBed.Benchmarks;

/// <summary>Multiple choice with five worked examples before each question: the library's scorer against one prompt at a time, whole and with logits of every position.</summary>
internal sealed class ChoiceBenchmark(Results results, string model, Decoder decoder, int repeats)
{
    /// <summary>More than a question takes, options included.</summary>
    public const int Tokens = 400;

    private const int Examples = 300;
    private const int Question = 60;
    private const int Options = 4;

    public static int Run(Arguments arguments)
    {
        var results = new Results();
        Results.PrintMachine();
        using var models = new BenchmarkModels();
        string model = arguments.Find("model") ?? arguments.Text("size", "25m");
        ScalarType type = arguments.Type() ?? CapabilityProbe.Choose(DataType.Auto, CPU, ModelFamilies.Describe(models.Folder(model)).HiddenSize);
        using Decoder decoder = models.Load(model, type);
        new ChoiceBenchmark(results, model, decoder, arguments.Number("repeats", 3)).Score(arguments.Number("questions", 8));
        results.WriteIfAsked(arguments);
        return 0;
    }

    public void Score(int questions)
    {
        var requests = new List<(int[] Context, int[] Continuation)>();
        for (int q = 0; q < questions; q++)
        {
            int[] context = [.. Ids(Examples, 1), .. Ids(Question, q + 2)];
            requests.AddRange(Enumerable.Range(0, Options).Select(o => (context, new[] { 5, 10 + o })));
        }

        var scorer = new ContinuationScorer(decoder);
        double[] seconds = Interleaved.Seconds(repeats, () => scorer.Score(requests), () => requests.ForEach(One));
        results.Add("choice", $"{model}, {questions} questions of 4 options", "questions a second", questions / seconds[0], "1/s");
        results.Add("choice", $"{model}, {questions} questions of 4 options", "5-shot choices over one prompt at a time", seconds[1] / seconds[0]);
    }

    private void One((int[] Context, int[] Continuation) request)
    {
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        long[] ids = [.. request.Context.Concat(request.Continuation).Select(i => (long)i)];
        Tensor logs = decoder.Head(decoder.Hidden(tensor(ids, [1, ids.Length]))).log_softmax(-1);
        double sum = 0;
        for (int i = 0; i < request.Continuation.Length; i++)
        {
            sum += logs[0, request.Context.Length - 1 + i, request.Continuation[i]].item<float>();
        }

        _ = sum;
    }

    private static IEnumerable<int> Ids(int count, int seed) => Enumerable.Range(0, count).Select(p => 1 + (((seed * 53) + (p * 11) + (seed * p)) % 200));
}
