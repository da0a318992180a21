using SafeTuneBed.Statistics;

namespace SafeTuneBed.Sensitivity;

/// <summary>Two scorers on the same answers.</summary>
internal static class PairAgreement
{
    /// <summary>Everything about the pair.</summary>
    /// <param name="first">One scorer.</param>
    /// <param name="second">The other.</param>
    /// <param name="ones">Scores of the first.</param>
    /// <param name="others">Scores of the second of the same answers.</param>
    /// <param name="weights">What each answer counts; null counts each once.</param>
    /// <param name="units">The prompt of each answer.</param>
    public static JudgePair Of(Scorer first, Scorer second, IReadOnlyList<double> ones, IReadOnlyList<double> others, IReadOnlyList<double>? weights, IReadOnlyList<string> units)
    {
        var pair = new JudgePair { First = first.Key, Second = second.Key, Answers = ones.Count };
        if (!first.HasScaleOf(second))
        {
            return pair with { Remark = $"The scales differ ({first.ScaleText}; {second.ScaleText}), so only rankings are compared." };
        }

        if (ones.Count == 0)
        {
            return pair with { Remark = "No answer was scored by both." };
        }

        var table = new PairTable(ones, others, weights, units);
        bool areClasses = table.Values.All(double.IsInteger);
        string seed = $"{first.Key} {second.Key}";
        AgreementEstimate kappa = areClasses ? table.Kappa(seed) : default;
        return pair with
        {
            RawAgreement = table.Raw,
            Kappa = kappa,
            WeightedKappa = first.IsShare && second.IsShare ? default : table.WeightedKappa(seed),
            Bias = table.Bias(seed),
            Confusion = areClasses ? [.. from a in table.Values from b in table.Values let count = table.CountOf(a, b) where count > 0 select new ScorePair(a, b, count)] : [],
            Remark = table.Values.Count == 1 ? "Both give every answer the same score, so kappa is undefined." : areClasses ? null : "Scores are no classes, so there is no plain kappa.",
        };
    }
}
