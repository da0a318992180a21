using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models;
using SafeTuneBed.Models.Families;
using static TorchSharp.torch;

namespace SafeTuneBed.Benchmarks;

/// <summary>
/// Greedy decoding: several batch sizes against batch 1, batch 1 against the memory's speed, rows of mixed lengths against batches that wait for their longest row and
/// against computing every text anew, and prompts that begin alike against the same prompts computed singly.
/// </summary>
internal sealed class DecodeBenchmark(Results results, string model, Decoder decoder, int repeats)
{
    private static readonly int[] Batches = [1, 8, 32];

    private readonly TokenGenerator generator = new(decoder);
    private readonly string subject = $"{model} {(decoder.ComputeType == ScalarType.Float32 ? "f32" : "bf16")}";

    public static int Run(Arguments arguments)
    {
        var results = new Results();
        Results.PrintMachine();
        using var models = new BenchmarkModels();
        string model = arguments.Find("model") ?? arguments.Text("size", "110m");
        ScalarType type = arguments.Type() ?? CapabilityProbe.Choose(DataType.Auto, CPU, ModelFamilies.Describe(models.Folder(model)).HiddenSize);
        using Decoder decoder = models.Load(model, type);
        var benchmark = new DecodeBenchmark(results, model, decoder, arguments.Number("repeats", 3));
        benchmark.ByBatch(arguments.Number("tokens", 64));
        benchmark.MixedLengths(arguments.Number("tokens", 64));
        benchmark.SharedBeginnings();
        results.WriteIfAsked(arguments);
        return 0;
    }

    /// <summary>Prompts of 32 tokens that share nothing; the time of answers of one token is taken off, so that what is left is decoding.</summary>
    public void ByBatch(int tokens)
    {
        Ceiling ceiling = Ceiling.Measure(decoder, 32);
        double[] whole = Interleaved.Seconds(repeats, [.. Batches.SelectMany(b => new[] { tokens + 1, 1 }.Select(n => (Action)(() => Generate(Prompts(b, 32, 0), n, b))))]);
        double[] seconds = [.. Batches.Select((_, i) => whole[2 * i] - whole[(2 * i) + 1])];
        double one = tokens / seconds[0];
        for (int i = 0; i < Batches.Length; i++)
        {
            double speed = Batches[i] * tokens / seconds[i];
            results.Add("decode", subject, $"tokens a second, batch {Batches[i]}", speed, "1/s");
            results.Add("decode", subject, $"batch {Batches[i]} over batch 1", speed / one);
            results.Add("decode", subject, $"batch {Batches[i]}, FLOPs of products over the ceiling", speed * 2 * Weights() / ceiling.Flops);
        }

        // A token at batch 1 reads every weight once.
        results.Add("decode", subject, "batch 1, bytes of weights over the speed of memory", one * Weights() * decoder.HeadWeight.element_size() / ceiling.Bandwidth);
    }

    /// <summary>Answers of 4 to as many tokens as asked, at batch 8: places that free are taken by waiting prompts.</summary>
    public void MixedLengths(int tokens)
    {
        const int rows = 32, batch = 8;
        int[][] prompts = Prompts(rows, 24, 0);
        int[] lengths = [.. Enumerable.Range(0, rows).Select(i => Math.Max(4, tokens * ((i * 11 % rows) + 1) / rows))];
        double[] seconds = Interleaved.Seconds(
            repeats,
            () => Generate(prompts, tokens, batch, lengths),
            () =>
            {
                for (int i = 0; i < rows; i += batch)
                {
                    Generate(prompts[i..(i + batch)], tokens, batch, [.. lengths[i..(i + batch)].Select(_ => lengths[i..(i + batch)].Max())]);
                }
            },
            () => Recompute(prompts[0], Math.Min(16, lengths.Max())),
            () => Generate([prompts[0]], Math.Min(16, lengths.Max()), 1));
        results.Add("mixed", subject, "continuous over static batches of 8, real tokens", seconds[1] / seconds[0]);
        results.Add("mixed", subject, "continuous over whole texts anew, one at a time", seconds[2] / Math.Min(16, lengths.Max()) / (seconds[0] / lengths.Sum()));
        results.Add("mixed", subject, "one answer: cache over whole texts anew", seconds[2] / seconds[3]);
    }

    /// <summary>32 prompts whose first 96 of 112 tokens are the same, one new token each.</summary>
    public void SharedBeginnings()
    {
        int[][] prompts = Prompts(32, 112, 96);
        double[] seconds = Interleaved.Seconds(
            repeats,
            () => Generate(prompts, 1, 32),
            () =>
            {
                foreach (int[] prompt in prompts)
                {
                    Generate([prompt], 1, 1);
                }
            });
        results.Add("prefix", subject, "beginning computed once over each prompt alone", seconds[1] / seconds[0]);
    }

    private double Weights() => decoder.Linears.Sum(l => l.Weight.numel()) + (double)decoder.HeadWeight.numel();

    // The n-th answer that begins is as long as the n-th of the lengths: what random weights say would end at no known place.
    private void Generate(int[][] prompts, int tokens, int batch, int[]? lengths = null)
    {
        var begun = new Dictionary<object, int>(ReferenceEqualityComparer.Instance);
        generator.Generate(prompts, new GenerationOptions { MaxNewTokens = tokens, BatchSize = batch }, [], ends: lengths is null ? null : Ends);

        bool Ends(IReadOnlyList<int> ids)
        {
            if (!begun.TryGetValue(ids, out int length))
            {
                begun[ids] = length = lengths[begun.Count];
            }

            return ids.Count >= length;
        }
    }

    private void Recompute(int[] prompt, int tokens)
    {
        List<long> ids = [.. prompt.Select(i => (long)i)];
        using var inference = inference_mode();
        for (int i = 0; i < tokens; i++)
        {
            using var scope = NewDisposeScope();
            Tensor hidden = decoder.Hidden(tensor(ids.ToArray(), [1, ids.Count]));
            ids.Add(decoder.Head(hidden.narrow(1, ids.Count - 1, 1)).argmax(-1).item<long>());
        }
    }

    private int[][] Prompts(int count, int length, int shared) => [.. Enumerable.Range(0, count).Select(row =>
        Enumerable.Range(0, length).Select(p => 1 + (p < shared ? p * 7 : (row * 37) + (p * 11) + (row * p)) % 200).ToArray())];
}
