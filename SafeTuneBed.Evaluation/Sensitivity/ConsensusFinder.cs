using SafeTuneBed.Statistics;

namespace SafeTuneBed.Sensitivity;

/// <summary>Krippendorff's alpha over all scorers of a scale.</summary>
internal static class ConsensusFinder
{
    /// <summary>One alpha for each scale that at least two scorers share.</summary>
    /// <param name="scorers">The scorers.</param>
    /// <param name="answers">For each answer one value per scorer, null where there is none.</param>
    /// <param name="weights">What each answer counts; null counts each once.</param>
    /// <param name="units">The prompt of each answer.</param>
    public static IReadOnlyList<JudgeConsensus> Find(IReadOnlyList<Scorer> scorers, IReadOnlyList<IReadOnlyList<double?>> answers, IReadOnlyList<double>? weights, IReadOnlyList<string> units)
    {
        var found = new List<JudgeConsensus>();
        foreach (int[] group in Enumerable.Range(0, scorers.Count).GroupBy(k => (scorers[k].Minimum, scorers[k].Maximum, scorers[k].Direction)).Select(g => g.ToArray()).Where(g => g.Length > 1))
        {
            IReadOnlyList<double?>[] values = [.. answers.Select(a => (IReadOnlyList<double?>)[.. group.Select(k => a[k])])];
            (AgreementScale scale, string name) = group.All(k => scorers[k].IsShare) ? (AgreementScale.Nominal, "nominal")
                : values.All(v => v.All(x => x is null || double.IsInteger(x.Value))) ? (AgreementScale.Ordinal, "ordinal")
                : (AgreementScale.Quadratic, "interval");
            var table = new AlphaTable(values, scale, weights, units);
            string[] keys = [.. group.Select(k => scorers[k].Key)];
            found.Add(new JudgeConsensus { Scorers = keys, Answers = table.Count, Alpha = table.Estimate(string.Join(' ', keys)), Scale = name });
        }

        return found;
    }
}
