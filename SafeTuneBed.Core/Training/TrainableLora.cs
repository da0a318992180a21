using SafeTuneBed.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Training;

/// <summary>What is trained: a LoRA adapter, or every weight. Its factors, and weights that are trained whole, are views of one flat buffer, its dropout masks the library's own.</summary>
internal sealed class TrainableLora : IDisposable
{
    private readonly List<DropoutStream> dropouts = [];
    private long pass;

    /// <summary>
    /// A new adapter: A uniform within 1 / sqrt(in) (Kaiming with a = sqrt 5, PEFT's default), each from its own stream; B zero, so the model is
    /// unchanged at first.
    /// </summary>
    /// <param name="decoder">The model.</param>
    /// <param name="config">Settings of the adapter; without effect where every weight trains.</param>
    /// <param name="init">Seeds of the factors.</param>
    /// <param name="dropout">Seeds of the masks.</param>
    /// <param name="trainable">Which weights train.</param>
    public TrainableLora(Decoder decoder, LoraConfig config, SeedTree init, SeedTree dropout, TrainableWeights trainable = TrainableWeights.Adapters)
    {
        bool all = trainable == TrainableWeights.All;
        IReadOnlyList<LinearLayer> layers = all ? [] : TargetModules.Select(decoder, config);
        IReadOnlyList<string> whole = all ? [.. decoder.Weights.Keys] : WholeWeights.Select(decoder, config);
        var rules = new AdapterRules(config);
        var shapes = new List<(string, long[])>();
        foreach (LinearLayer layer in layers)
        {
            int rank = rules.RankOf(layer.Path);
            shapes.Add((NameA(layer), [rank, layer.Weight.shape[1]]));
            shapes.Add((NameB(layer), [layer.Weight.shape[0], rank]));
        }

        shapes.AddRange(whole.Select(name => (name, WholeWeights.Of(decoder, name).shape)));

        Parameters = new FlatParameters(shapes, decoder.Device);
        var weights = new Dictionary<string, LoraWeights>(StringComparer.Ordinal);
        foreach (LinearLayer layer in layers)
        {
            Initialize(Parameters[NameA(layer)], init[layer.Path]);
            var factors = new LoraWeights(Parameters[NameA(layer)], Parameters[NameB(layer)], rules.ScalingOf(layer.Path));
            if (config.Dropout > 0)
            {
                var stream = new DropoutStream(config.Dropout, dropout[layer.Path], decoder.Device);
                dropouts.Add(stream);
                factors.DropoutMask = stream.Draw;
            }

            weights[layer.Path] = factors;
        }

        foreach (string name in whole)
        {
            using var noGrad = no_grad();
            Parameters[name].copy_(WholeWeights.Of(decoder, name));
        }

        Dictionary<string, Tensor> saved = whole.ToDictionary(name => name, name => Parameters[name], StringComparer.Ordinal);
        if (all && decoder.Options.TieWordEmbeddings)
        {
            saved[WeightLayout.Head(decoder.Options)] = saved[WeightLayout.Embedding(decoder.Options)]; // one weight, and both its gradients
        }

        Adapter = new LoraAdapter(config, weights, saved) { TrainsWhole = all };
    }

    /// <summary>The adapter that the decoder sees.</summary>
    public LoraAdapter Adapter { get; }

    /// <summary>All factors in one buffer.</summary>
    public FlatParameters Parameters { get; }

    /// <summary>Batches that were given masks so far: all that must be kept of dropout's random state.</summary>
    public long Passes { get; set; }

    /// <summary>
    /// Moves every dropout stream to the masks of a batch. They are its own and the same in every pass over it: gradients of one batch at two places can be compared, and
    /// looking at a batch twice changes nothing.
    /// </summary>
    public void BeginPass(TokenBatch batch)
    {
        batch.DropoutPass ??= Passes++;
        BeginPass(batch.DropoutPass.Value);
    }

    /// <summary>What brings back the masks that are in force now.</summary>
    public Action NoteMasks()
    {
        long noted = pass;
        return () => BeginPass(noted);
    }

    public void Dispose()
    {
        dropouts.ForEach(d => d.Dispose());
        Parameters.Dispose(); // the adapter's factors are its views
    }

    private void BeginPass(long number)
    {
        pass = number;
        dropouts.ForEach(d => d.BeginPass(number));
    }

    private static string NameA(LinearLayer layer) => layer.Path + ".lora_A";

    private static string NameB(LinearLayer layer) => layer.Path + ".lora_B";

    // Drawn on the CPU whatever the device: one seed, one adapter.
    private static void Initialize(Tensor a, SeedTree seeds)
    {
        using var noGrad = no_grad();
        double bound = 1 / Math.Sqrt(a.shape[1]);
        using torch.Generator generator = seeds.CreateGenerator();
        using Tensor values = empty(a.shape, ScalarType.Float32).uniform_(-bound, bound, generator);
        a.copy_(values);
    }
}
