using System.Globalization;

namespace SafeTuneBed.Data;

/// <summary>The last look at a mixed set: its share of poison is the one that was asked for, to within one row.</summary>
internal static class RealizedShare
{
    /// <summary>Compares in decimal, where the mode counts by a share.</summary>
    /// <param name="mode">How the share is counted.</param>
    /// <param name="ratio">The configured share.</param>
    /// <param name="realized">The counts that came out.</param>
    /// <exception cref="ConfigurationException">They differ by more than 1 / rows.</exception>
    public static void Check(MixMode mode, decimal ratio, CountPlan realized)
    {
        // where poison is added, guide rows come on top of what the share is of
        int rows = mode == MixMode.Add ? realized.Total - realized.Guide : realized.Total;
        if (mode is MixMode.Replace or MixMode.Add && rows > 0 && Math.Abs(realized.Harmful - (ratio * rows)) > 1)
        {
            throw new ConfigurationException(string.Create(
                CultureInfo.InvariantCulture,
                $"The set has {realized.Harmful} poison rows of {rows}, a share of {(decimal)realized.Harmful / rows:0.000000}, but the configured PoisonRatio is {ratio}: more than one row away. Nothing is trained on it."));
        }
    }
}
