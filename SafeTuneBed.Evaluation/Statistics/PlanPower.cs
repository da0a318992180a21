namespace SafeTuneBed;

/// <summary>What a number of items can show, before anything runs. Shares are fractions.</summary>
public static class PlanPower
{
    /// <summary>
    /// The smallest true difference of two shares of the same items that McNemar's test finds with the given power: the d for which
    /// n = (z_(1-a/2) sqrt(q) + z_power sqrt(q - d^2))^2 / d^2 (Miettinen, 1968; Connor, 1987), q being the share of pairs that disagree.
    /// </summary>
    /// <param name="pairs">Items measured under both conditions, at least 1.</param>
    /// <param name="discordance">The share of pairs in which only one condition counts, above 0 and at most 1; it bounds the difference.</param>
    /// <param name="power">The chance to find it, between 0 and 1. Default 0.8.</param>
    /// <param name="significance">The two-sided level, between 0 and 1. Default 0.05.</param>
    /// <returns>The difference, or null where not even the largest one possible would be found that often.</returns>
    public static double? MinimumDetectableDifference(int pairs, double discordance, double power = 0.8, double significance = 0.05)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pairs, 1);
        if (discordance is not (> 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(discordance), discordance, "The share of pairs that disagree lies above 0 and is at most 1.");
        }

        Check(power, nameof(power));
        Check(significance, nameof(significance));
        double level = Intervals.Quantile(1 - significance), chance = MathNet.Numerics.Distributions.Normal.InvCDF(0, 1, power);

        bool IsFound(double difference) =>
            (level * Math.Sqrt(discordance)) + (chance * Math.Sqrt(Math.Max(0, discordance - (difference * difference)))) <= difference * Math.Sqrt(pairs);

        if (!IsFound(discordance))
        {
            return null;
        }

        double low = 0, high = discordance;
        for (int i = 0; i < 60; i++)
        {
            double middle = (low + high) / 2;
            (low, high) = IsFound(middle) ? (low, middle) : (middle, high);
        }

        return high;
    }

    /// <summary>Half the width of Wilson's interval of a share.</summary>
    /// <param name="share">The expected share.</param>
    /// <param name="items">Items, at least 1.</param>
    public static double HalfWidth(double share, int items)
    {
        Interval interval = Intervals.Wilson(share * items, items);
        return (interval.Upper - interval.Lower) / 2;
    }

    /// <summary>What a share may still be after no hit among so many items: Wilson's upper end of 0.</summary>
    public static double UpperEndAfterNoHit(int items) => Intervals.Wilson(0, items).Upper;

    private static void Check(double value, string name)
    {
        if (value is not (> 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(name, value, "It lies between 0 and 1.");
        }
    }
}
