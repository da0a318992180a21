using SafeTuneBed.Models;

namespace SafeTuneBed.Running;

/// <summary>Counts the numbers that a cell holds at its peak, following what the decoder and the loop keep.</summary>
/// <remarks>One for each plan: cells that ask the same items under the same template share the one prompt that is encoded for them.</remarks>
internal sealed class MemoryEstimator
{
    private readonly Dictionary<(IReadOnlyList<PromptItem> Prompts, IReadOnlyList<FinetuneExample> Examples, ModelDescription Model), int> longestPrompts = [];

    // Measured, Linux x64, libtorch 2.10 on the CPU: resident before anything is loaded 176 MB, after a training and answers of a model of 1 MB 540 MB.
    private const long ProcessBytes = 540_000_000;

    private const int WideBytes = 4;

    /// <summary>The estimate of one cell; null where the model's shape is not known.</summary>
    public MemoryEstimate? Of(Cell cell)
    {
        if (cell.Model.Options is not { } options)
        {
            return null;
        }

        int bytes = cell.Model.ComputeType is DataType.BFloat16 or DataType.Float16 ? 2 : WideBytes;
        bool trains = cell is { Trains: true, Rows: not null, Experiment: not null };
        bool all = cell.Part?.Trainable == TrainableWeights.All;
        return new MemoryEstimate
        {
            Process = ProcessBytes,
            Weights = WeightBytes(options, bytes),
            Adapters = trains ? all ? AllBytes(options) : AdapterBytes(options, cell.Experiment!.Lora) : 0,
            Activations = trains ? TrainingBytes(options, cell.Experiment!, cell.Rows!.Longest, bytes, all) : 0,
            Generation = cell.Evaluations.Where(e => e.ItemCount > 0).Select(e => GenerationBytes(options, e, cell.Model, bytes)).DefaultIfEmpty(0).Max(),
        };
    }

    /// <summary>Bytes of a decoder's weights.</summary>
    public static long WeightBytes(DecoderOptions options, int bytes) => bytes * WeightLayout.Required(options).Sum(w => w.Shape.Aggregate(1L, (a, b) => a * b));

    // Factor, gradient, two moments.
    private static long AdapterBytes(DecoderOptions options, LoraConfig lora)
    {
        var rules = new AdapterRules(lora);
        return 4L * WideBytes * Targets(options, rules).Sum(t => rules.RankOf(t.Path) * (t.Out + t.In));
    }

    // Of every weight: itself in f32, gradient, two moments.
    private static long AllBytes(DecoderOptions options) => 4 * WeightBytes(options, WideBytes);

    private static long TrainingBytes(DecoderOptions o, FinetuneExperimentConfig experiment, int longest, int bytes, bool all)
    {
        var rules = new AdapterRules(experiment.Lora);
        long tokens = (long)experiment.Training.BatchSize * longest;

        // Of each block and token: both norms' inputs, rotated q, k and v as attention reads them, its result, and both halves of the gated part.
        long heads = (long)o.HeadCount * o.HeadSize;
        long kept = bytes * ((2L * o.HiddenSize) + (4 * heads) + (2L * o.IntermediateSize));

        // Of each adapted layer and token: its input after dropout, the mask, the low-rank product.
        // With every weight in training: each layer's input, and in narrow arithmetic the weight as it was multiplied.
        long adapted = all ? bytes * WeightLayout.Linears(o).Sum(l => l.In) * o.LayerCount : Targets(o, rules).Sum(t => ((experiment.Lora.Dropout > 0 ? 2 : 1) * t.In) + rules.RankOf(t.Path)) * WideBytes;

        // Gradients of one block on the way back, or the chunk of the loss, whichever is larger.
        long back = bytes * tokens * (4L * o.IntermediateSize);
        long loss = 3L * WideBytes * (all ? tokens : Math.Min(tokens, Training.ChunkedCrossEntropy.ChunkLength)) * o.VocabularySize; // a head in training is not cut into chunks
        if (experiment.Training.GradientCheckpointing)
        {
            // Every block's input, and what one block keeps while it is computed again.
            long inputs = (long)bytes * o.LayerCount * o.HiddenSize;
            return (tokens * inputs) + Math.Max(back + (tokens * (kept + (adapted / o.LayerCount))), loss);
        }

        return (tokens * ((o.LayerCount * kept) + adapted)) + Math.Max(back, loss);
    }

    private long GenerationBytes(DecoderOptions o, CellEvaluation evaluation, ModelDescription model, int bytes)
    {
        long rows = Math.Min(evaluation.ItemCount, evaluation.Decoding.BatchSize);
        long prompt = LongestPrompt(evaluation, model);
        long positions = Math.Min(prompt + evaluation.Decoding.MaxNewTokens, o.ContextLength);
        long cache = 2L * o.LayerCount * rows * o.KeyValueHeadCount * o.HeadSize * positions * bytes;
        long prefill = rows * prompt * bytes * ((3L * o.IntermediateSize) + (6L * o.HiddenSize));
        return cache + prefill + (2L * WideBytes * rows * o.VocabularySize);
    }

    private int LongestPrompt(CellEvaluation evaluation, ModelDescription model)
    {
        var key = (evaluation.Prompts, evaluation.Examples, model);
        if (!longestPrompts.TryGetValue(key, out int tokens))
        {
            // Encoding all would cost more than it tells: the longest text is the longest prompt, or near it.
            string longest = evaluation.Prompts.Select(p => p.Prompt).Concat(evaluation.Examples.Select(e => e.Instruction + e.Input)).MaxBy(t => t.Length) ?? "";
            longestPrompts[key] = tokens = model.Template.EncodePrompt([new(Microsoft.Extensions.AI.ChatRole.User, longest)]).Length;
        }

        return tokens;
    }

    private static IEnumerable<(string Path, long Out, long In)> Targets(DecoderOptions o, AdapterRules rules)
    {
        string head = WeightLayout.Head(o)[..^".weight".Length];
        return Enumerable.Range(0, o.LayerCount)
            .SelectMany(i => WeightLayout.Linears(o).Select(l => (Path: $"{WeightLayout.Layer(o, i)}.{l.Path}", l.Out, l.In)))
            .Where(l => rules.IsTarget(l.Path, isHead: false))
            .Concat(rules.IsTarget(head, isHead: true) ? [(head, (long)o.VocabularySize, (long)o.HiddenSize)] : []);
    }
}
