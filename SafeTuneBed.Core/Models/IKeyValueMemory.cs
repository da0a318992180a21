using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>Where one forward pass puts the keys and values of its tokens, and finds those of the tokens before them.</summary>
internal interface IKeyValueMemory
{
    /// <summary>Takes a layer's new keys and values [B, KV, T, d], already turned by position.</summary>
    /// <returns>Everything that the new tokens may look at, theirs included and last where the rows are equally long, [B, KV, S, d] each; in the caller's dispose scope.</returns>
    (Tensor Keys, Tensor Values) Extend(int layer, Tensor key, Tensor value);
}
