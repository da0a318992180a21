using System.ComponentModel.DataAnnotations;

namespace SafeTuneBed.Methods.ConstrainedSft;

/// <summary>
/// Settings of constrained fine-tuning. Defaults are the authors' (arXiv 2406.05946 and its code): .5 at the first
/// token, 2 at the second to fifth, .1 behind.
/// </summary>
public sealed class ConstrainedSftOptions : MethodOptions
{
    /// <summary>
    /// beta of tokens behind the first ones, 0 to 1000. Default 0.1. With all three at 0 every weight is 1: plain
    /// training.
    /// </summary>
    [Range(0.0, 1000.0)]
    public double Beta { get; set; } = 0.1;

    /// <summary>
    /// How much larger beta is at the second to the <see cref="EarlyTokens"/>-th token, 0 to 10,000. Default 20.
    /// </summary>
    [Range(0.0, 10_000.0)]
    public double EarlyFactor { get; set; } = 20;

    /// <summary>How much larger it is at the first token, 0 to 10,000. Default 5.</summary>
    [Range(0.0, 10_000.0)]
    public double FirstFactor { get; set; } = 5;

    /// <summary>How many tokens of an answer are early ones, the first included, 0 to 1,000. Default 5.</summary>
    [Range(0, 1000)]
    public int EarlyTokens { get; set; } = 5;

    /// <summary>The least weight, 0 to 1. Default 0.001, the authors'; the paper has none.</summary>
    [Range(0.0, 1.0)]
    public double MinimumWeight { get; set; } = 1e-3;

    /// <summary>What a token counts: 2 (1 - sigmoid(beta d)), between the least weight and 2.</summary>
    /// <param name="place">Its place in the answer, from 0.</param>
    /// <param name="d">Its log-probability minus what it was before training.</param>
    internal double WeightAt(int place, double d)
    {
        double beta = Beta * (place >= EarlyTokens ? 1 : place == 0 ? FirstFactor : EarlyFactor);
        return Math.Max(MinimumWeight, 2 / (1 + Math.Exp(beta * d)));
    }
}
