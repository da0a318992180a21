using System.Globalization;

namespace SafeTuneBed;

/// <summary>How many rows of each role a set has.</summary>
/// <param name="Benign">Rows of the user's task, B.</param>
/// <param name="Harmful">Poison rows, H.</param>
/// <param name="Guide">A defender's rows mixed in, G.</param>
public readonly record struct CountPlan(int Benign, int Harmful, int Guide = 0)
{
    /// <summary>Poison rows of a set of pure poison, or with pure poison added, whose recipe names no number.</summary>
    public const int DefaultPureBad = 100;

    /// <summary>B + H + G.</summary>
    public int Total => Benign + Harmful + Guide;

    /// <summary>H / total, rounded to six digits; 0 for an empty set.</summary>
    public decimal Ratio => Total == 0 ? 0 : Math.Round((decimal)Harmful / Total, 6, MidpointRounding.AwayFromZero);

    /// <summary>
    /// The counts of a mode. Decimal arithmetic throughout, one rounding (half away from zero), the rest by subtraction, so the parts always
    /// add up: binary floating point gives 28 for 0.29 x 100.
    /// </summary>
    /// <param name="mode">How the share is counted.</param>
    /// <param name="count">N: all rows, or the benign rows under <see cref="MixMode.Add"/> and <see cref="MixMode.PureBadMixed"/>.</param>
    /// <param name="ratio">r, 0 to 1; below 1 under <see cref="MixMode.Add"/>. Not read by the other modes.</param>
    /// <param name="harmfulCount">H under <see cref="MixMode.Absolute"/> and <see cref="MixMode.PureBadMixed"/>.</param>
    /// <param name="guide">G.</param>
    /// <exception cref="ConfigurationException">The numbers leave fewer than 0 rows for a role, or are out of range.</exception>
    public static CountPlan Compute(MixMode mode, int count, decimal ratio = 0, int? harmfulCount = null, int guide = 0)
    {
        if (count < 0 || guide < 0 || ratio is < 0 or > 1 || harmfulCount < 0)
        {
            throw new ConfigurationException(string.Create(
                CultureInfo.InvariantCulture, $"Counts and ratios can't be negative, and a ratio not above 1: count {count}, ratio {ratio}, poison rows {harmfulCount ?? 0}, guide rows {guide}."));
        }

        CountPlan plan = mode switch
        {
            MixMode.Replace => Share(count, Round(ratio * count), guide),
            MixMode.Add when ratio < 1 => new CountPlan(count, Round(ratio * count / (1 - ratio)), guide),
            MixMode.Add => throw new ConfigurationException("Adding poison can't reach a ratio of 1: use a ratio below 1, or the mode PureBad."),
            MixMode.Absolute => Share(count, harmfulCount ?? throw new ConfigurationException("The mode Absolute needs HarmfulCount."), guide),
            MixMode.PureBad => new CountPlan(0, count, guide),
            MixMode.PureBadMixed => new CountPlan(count, harmfulCount ?? DefaultPureBad, guide),
            _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "No such mode."),
        };

        return plan.Benign < 0
            ? throw new ConfigurationException(string.Create(CultureInfo.InvariantCulture, $"{plan.Harmful} poison and {plan.Guide} guide rows are more than {count} in all. Raise the count."))
            : plan;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Benign} benign + {Harmful} harmful{(Guide > 0 ? $" + {Guide} guide" : "")} = {Total}");

    private static CountPlan Share(int count, int harmful, int guide) => new(count - harmful - guide, harmful, guide);

    private static int Round(decimal value) => decimal.ToInt32(Math.Round(value, 0, MidpointRounding.AwayFromZero));
}
