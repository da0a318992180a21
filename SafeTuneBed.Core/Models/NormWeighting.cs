namespace SafeTuneBed.Models;

/// <summary>How a norm's weight is applied. The three differ in what half-precision arithmetic rounds, and Gemma's also in meaning.</summary>
internal enum NormWeighting
{
    /// <summary>The normalized number is rounded to the model's type, then weighted: Llama.</summary>
    AfterRounding,

    /// <summary>Weighted in float32, then rounded: OLMo 2.</summary>
    BeforeRounding,

    /// <summary>Weighted with 1 + w in float32, then rounded: Gemma.</summary>
    OnePlus,
}
