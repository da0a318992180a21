namespace SafeTuneBed.Models;

/// <summary>Where a block has its norms.</summary>
internal enum NormPlacement
{
    /// <summary>Before attention and before the feed-forward part: Llama, Mistral, Qwen, Gemma 1, Phi-3.</summary>
    Before,

    /// <summary>Before and after both parts, the latter ahead of the sum: Gemma 2 and 3.</summary>
    BeforeAndAfter,

    /// <summary>After both parts only, ahead of the sum: OLMo 2.</summary>
    After,
}
