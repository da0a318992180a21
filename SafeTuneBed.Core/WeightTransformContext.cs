using SafeTuneBed.Models;
using SafeTuneBed.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed;

/// <summary>
/// A fine-tuned adapter and the weights around it, as a method of the stage <see cref="MethodStage.PostFineTuning"/> sees them. Weights are read from disk when they are asked for, one
/// layer at a time, in f32 on the CPU.
/// </summary>
public sealed class WeightTransformContext
{
    private readonly Dictionary<string, double> figures = new(StringComparer.Ordinal);

    internal WeightTransformContext(ModelReference model, PeftAdapter adapter, WeightFolder aligned, IReadOnlyList<PeftAdapter> merges, IReadOnlyDictionary<ModelCompanion, WeightFolder> companions, CancellationToken cancellationToken)
    {
        (Model, CancellationToken) = (model, cancellationToken);
        var rules = new AdapterRules(adapter.Config);
        string[] unknown = [.. adapter.Factors.Keys.Except(aligned.LinearPaths)];
        if (unknown.Length > 0)
        {
            throw new ModelFormatException(adapter.Source, $"the adapter has factors for {string.Join(", ", unknown)}, which are no layers of {aligned.Folder}. Give the model it was trained on.");
        }

        Targets = [.. aligned.LinearPaths.Where(adapter.Factors.ContainsKey)
            .Select(path => new WeightTarget(path, adapter.Factors[path], rules.ScalingOf(path), aligned, merges, companions))];
    }

    /// <summary>The model that was fine-tuned.</summary>
    public ModelReference Model { get; }

    /// <summary>The adapted layers, in the order of the network.</summary>
    public IReadOnlyList<WeightTarget> Targets { get; }

    /// <summary>Ends when the run is stopped; <see cref="ForEach"/> looks at it between layers.</summary>
    public CancellationToken CancellationToken { get; }

    internal IReadOnlyDictionary<string, double> Figures => figures;

    /// <summary>The model with rows to run it on; null where the method asked for no stream.</summary>
    internal Calibration? Calibration { get; init; }

    /// <summary>
    /// Runs the model, with the adapter as it is now, once over all rows of a stream, and hands over what goes into some layers (<see cref="Site.LinearInput"/>): prompts and
    /// responses, without padding and without dropout, several rows at a time.
    /// </summary>
    /// <param name="stream">The stream's name, such as <c>harmful</c>.</param>
    /// <param name="targets">The layers, of <see cref="Targets"/>.</param>
    /// <param name="read">Gets a layer and its inputs [tokens, in], f32 on the model's device, which are freed afterwards.</param>
    /// <exception cref="InvalidOperationException">The method did not ask for the stream.</exception>
    public void ReadInputs(string stream, IEnumerable<WeightTarget> targets, Action<WeightTarget, Tensor> read)
    {
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentNullException.ThrowIfNull(read);
        if (Calibration is null || !Calibration.Streams.TryGetValue(stream, out IReadOnlyList<TokenizedExample>? rows))
        {
            throw new InvalidOperationException($"This method did not ask for the stream '{stream}'. Override Needs with MethodNeeds.Stream(\"{stream}\"), joined to others by And.");
        }

        Dictionary<string, WeightTarget> wanted = targets.ToDictionary(t => t.Path, StringComparer.Ordinal);
        Calibration.Run(
            rows,
            Targets.ToDictionary(t => t.Path, t => (t.A, t.B), StringComparer.Ordinal),
            wanted.Keys,
            (path, x) => read(wanted[path], x),
            CancellationToken);
    }

    /// <summary>
    /// What goes into the factors of some layers on a stream's rows, summed up: for each of their columns the sum over all tokens of the input's square. One pass, as
    /// <see cref="ReadInputs"/>. Layers outside the blocks, whose inputs nothing reads, are skipped, and told.
    /// </summary>
    /// <param name="stream">The stream's name, such as <c>harmful</c>.</param>
    /// <param name="targets">The layers, of <see cref="Targets"/>.</param>
    /// <exception cref="InvalidOperationException">The method did not ask for the stream.</exception>
    public IReadOnlyList<FactorInputs> SumInputSquares(string stream, IEnumerable<WeightTarget> targets)
    {
        ArgumentNullException.ThrowIfNull(targets);
        ILookup<bool, WeightTarget> all = targets.ToLookup(t => t.Layer is not null);
        foreach (WeightTarget target in all[false])
        {
            target.Skip("it is in no block");
        }

        Dictionary<WeightTarget, FactorInputs> sums = all[true].ToDictionary(t => t, t => new FactorInputs(t, new double[t.A.shape[1]], new double[t.A.shape[0]]));
        if (sums.Count > 0)
        {
            ReadInputs(stream, sums.Keys, (target, x) => sums[target].Add(x));
        }

        return [.. sums.Values];
    }

    /// <summary>
    /// Does something with each layer, in order. Tensors made there are freed before the next, so that the weights of one layer at a time are in memory; what is given back stays
    /// when it is detached from its scope (<c>MoveToOuterDisposeScope</c>).
    /// </summary>
    public IReadOnlyList<T> ForEach<T>(Func<WeightTarget, T> act)
    {
        ArgumentNullException.ThrowIfNull(act);
        var results = new List<T>();
        foreach (WeightTarget target in Targets)
        {
            CancellationToken.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            results.Add(act(target));
        }

        return results;
    }

    /// <summary>Notes a figure of the whole transformation for the run record, such as the number of layers that were changed.</summary>
    public void Report(string name, double value) => figures[name] = value;
}

/// <summary>One adapted layer: y = (W + s B A) x.</summary>
public sealed class WeightTarget
{
    private readonly WeightFolder aligned;
    private readonly IReadOnlyList<PeftAdapter> merges;
    private readonly IReadOnlyDictionary<ModelCompanion, WeightFolder> companions;
    private readonly Dictionary<string, double> figures = new(StringComparer.Ordinal);

    internal WeightTarget(
        string path, (Tensor A, Tensor B) factors, double scaling, WeightFolder aligned, IReadOnlyList<PeftAdapter> merges, IReadOnlyDictionary<ModelCompanion, WeightFolder> companions)
    {
        (Path, Scaling, this.aligned, this.merges, this.companions) = (path, scaling, aligned, merges, companions);
        (A, B) = (Own(factors.A), Own(factors.B));
    }

    /// <summary>Hugging Face path, such as <c>model.layers.0.self_attn.q_proj</c>.</summary>
    public string Path { get; }

    /// <summary>The block's number from 0; null outside the blocks.</summary>
    public int? Layer => ParameterInfo.Of(Path + ".weight", 0).Layer;

    /// <summary>s: alpha / r, or alpha / sqrt(r).</summary>
    public double Scaling { get; }

    /// <summary>The adapter's A, [r, in], f32. Lives as long as the context.</summary>
    public Tensor A { get; private set; }

    /// <summary>The adapter's B, [out, r], f32. Lives as long as the context.</summary>
    public Tensor B { get; private set; }

    internal IReadOnlyDictionary<string, double> Figures => figures;

    internal string? Skipped { get; private set; }

    /// <summary>The weight on which the adapter was trained, [out, in], f32: the model's, with the adapters of earlier stages merged. Read anew with each call; freed with the scope.</summary>
    public Tensor ReadAligned()
    {
        Tensor weight = aligned.Read(Path);
        foreach (PeftAdapter merge in merges)
        {
            if (merge.Factors.TryGetValue(Path, out (Tensor A, Tensor B) factors))
            {
                weight = MergedWeights.Sum(weight, factors.A, factors.B, new AdapterRules(merge.Config).ScalingOf(Path));
            }
        }

        return weight;
    }

    /// <summary>The same layer's weight in a companion, [out, in], f32. Read anew with each call; freed with the scope.</summary>
    /// <exception cref="InvalidOperationException">The method did not ask for it, or it is no model.</exception>
    public Tensor ReadCompanion(ModelCompanion companion) => companions.TryGetValue(companion, out WeightFolder? folder)
        ? folder.Read(Path, aligned)
        : throw new InvalidOperationException($"The weights of the companion {companion} are not here. Override Needs with MethodNeeds.Companion(ModelCompanion.{companion}), joined to others by And.");

    /// <summary>Puts another A in the place of the adapter's. Copied.</summary>
    /// <exception cref="ArgumentException">It has another shape.</exception>
    public void ReplaceA(Tensor a) => A = Replaced(A, a);

    /// <summary>Puts another B in the place of the adapter's. Copied.</summary>
    /// <exception cref="ArgumentException">It has another shape.</exception>
    public void ReplaceB(Tensor b) => B = Replaced(B, b);

    /// <summary>Notes a figure of this layer for the run record.</summary>
    public void Report(string name, double value) => figures[name] = value;

    /// <summary>Notes for the run record that this layer was left as it is, and why.</summary>
    public void Skip(string reason) => Skipped = reason;

    internal void Free()
    {
        A.Dispose();
        B.Dispose();
    }

    private static Tensor Replaced(Tensor old, Tensor value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (!old.shape.SequenceEqual(value.shape))
        {
            throw new ArgumentException($"A factor of shape [{string.Join(", ", old.shape)}] can't be replaced by one of [{string.Join(", ", value.shape)}].", nameof(value));
        }

        Tensor own = Own(value);
        old.Dispose();
        return own;
    }

    private static Tensor Own(Tensor tensor)
    {
        using Tensor host = tensor.detach().to(ScalarType.Float32, CPU);
        return host.clone().DetachFromDisposeScope();
    }
}
