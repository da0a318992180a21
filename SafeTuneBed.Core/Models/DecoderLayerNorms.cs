using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>The norms of one block; null where a family has none in that place.</summary>
/// <param name="Weights">By Hugging Face path below the block, as <see cref="WeightLayout.Norms"/> lists them.</param>
/// <param name="BeforeAttention">[D].</param>
/// <param name="AfterAttention">[D].</param>
/// <param name="BeforeFeedForward">[D].</param>
/// <param name="AfterFeedForward">[D].</param>
/// <param name="Query">[d] or [H * d].</param>
/// <param name="Key">[d] or [KV * d].</param>
internal sealed record DecoderLayerNorms(
    IReadOnlyDictionary<string, Tensor> Weights,
    Tensor? BeforeAttention,
    Tensor? AfterAttention,
    Tensor? BeforeFeedForward,
    Tensor? AfterFeedForward,
    Tensor? Query,
    Tensor? Key) : IDisposable
{
    /// <summary>Puts loaded weights in their places. What <c>post_attention_layernorm</c> means depends on the family.</summary>
    public static DecoderLayerNorms Of(IReadOnlyDictionary<string, Tensor> weights, NormPlacement placement)
    {
        bool llama = placement == NormPlacement.Before;
        Tensor? second = weights.GetValueOrDefault(WeightLayout.PostAttentionNorm);
        return new DecoderLayerNorms(
            weights,
            weights.GetValueOrDefault(WeightLayout.InputNorm),
            llama ? null : second,
            llama ? second : weights.GetValueOrDefault(WeightLayout.PreFeedForwardNorm),
            weights.GetValueOrDefault(WeightLayout.PostFeedForwardNorm),
            weights.GetValueOrDefault(WeightLayout.QueryNorm),
            weights.GetValueOrDefault(WeightLayout.KeyNorm));
    }

    public void Dispose()
    {
        foreach (Tensor weight in Weights.Values)
        {
            weight.Dispose();
        }
    }
}
