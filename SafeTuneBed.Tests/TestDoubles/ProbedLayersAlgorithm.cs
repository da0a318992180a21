using TorchSharp;

namespace SafeTuneBed.Tests.TestDoubles;

/// <summary>
/// Adapters in the one block alone whose states tell the user's rows and the harmful ones apart least, found on the untouched model: the search of SPPFT (arXiv 2408.17003) in short.
/// </summary>
public sealed class ProbedLayersAlgorithm : MethodAlgorithm
{
    public override MethodNeeds Needs => MethodNeeds.Stream("harmful");

    protected override void PrepareModel(ModelContext context)
    {
        torch.Tensor[] user = Means(context, context.Examples), harmful = Means(context, context.StreamRows["harmful"]);
        float[] apart = [.. user.Zip(harmful, (u, h) => (u - h).norm().item<float>() / u.norm().item<float>())];
        context.Lora = context.Lora with { LayersToTransform = [Array.IndexOf(apart, apart.Min())] };
    }

    // The mean state behind each block.
    private static torch.Tensor[] Means(ModelContext context, IReadOnlyList<TokenizedExample> rows)
    {
        TokenBatch batch = context.CreateBatch(rows.Take(8));
        ActivationSet states = context.Activations([Site.BlockOutput], batch);
        return [.. states.Places.Select(p => states[p].reshape(-1, states[p].shape[^1]).index_select(0, batch.LossPositions).mean([0]))];
    }
}
