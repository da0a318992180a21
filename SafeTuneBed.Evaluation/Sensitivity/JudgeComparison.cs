namespace SafeTuneBed.Sensitivity;

/// <summary>Makes the report: agreement answer by answer, then of the rankings.</summary>
internal sealed class JudgeComparison(ScoredAnswers table)
{
    private readonly IReadOnlyList<Scorer> scorers = table.Scorers;

    public JudgeSensitivityReport Compare()
    {
        (int, int)[] pairs = [.. from a in Enumerable.Range(0, scorers.Count) from b in Enumerable.Range(a + 1, scorers.Count - a - 1) select (a, b)];
        ILookup<ReportRow, ScoredAnswer> byRow = table.Answers.ToLookup<ScoredAnswer, ReportRow>(a => a.Row, ReferenceEqualityComparer.Instance);
        var ranked = new RankingComparison(table);
        (IReadOnlyList<JudgeRanking> rankings, IReadOnlyList<RankAgreement> taus) = ranked.Compare(pairs);
        return new JudgeSensitivityReport(
            table.Report.Name,
            [.. scorers.Select((s, k) => ScoresOf(s.Key, [.. table.Answers.Select(a => a.Scores[k])]))],
            [.. pairs.Select(p => Pair(p, table.Answers))],
            [.. pairs.SelectMany(p => table.Rows.Select(r => Pair(p, [.. byRow[r]]) with { Model = r.Model, Method = r.Method, Dataset = r.Dataset }))])
        {
            Consensus = ConsensusFinder.Find(scorers, [.. table.Answers.Select(a => (IReadOnlyList<double?>)[.. a.Scores.Select(s => s.Value)])], null, [.. table.Answers.Select(a => a.ItemId)]),
            Rankings = rankings,
            RankAgreements = taus,
            Notes = [.. Notes(), .. ranked.Notes],
        };
    }

    private static JudgeScores ScoresOf(string key, SampleScore[] scores)
    {
        double[] values = [.. scores.Select(s => s.Value).OfType<double>()];
        return new JudgeScores
        {
            Scorer = key,
            Answers = scores.Length,
            Unscored = scores.Where(s => s.Value is null).GroupBy(s => s.UnscoredReason ?? UnscoredReason.NotApplicable).OrderBy(g => g.Key).ToDictionary(g => g.Key, g => g.Count()),
            Mean = values.Length == 0 ? null : values.Average(),
        };
    }

    private JudgePair Pair((int First, int Second) pair, IReadOnlyList<ScoredAnswer> answers)
    {
        ScoredAnswer[] both = [.. answers.Where(a => a.Scores[pair.First].Value is not null && a.Scores[pair.Second].Value is not null)];
        return PairAgreement.Of(
            scorers[pair.First],
            scorers[pair.Second],
            [.. both.Select(a => a.Scores[pair.First].Value!.Value)],
            [.. both.Select(a => a.Scores[pair.Second].Value!.Value)],
            null,
            [.. both.Select(a => a.ItemId)]) with { Dropped = answers.Count - both.Length };
    }

    private IEnumerable<string> Notes()
    {
        yield return "Agreement is of the answers that both scored. Intervals are of 95 %, by resampling prompts together with all their answers; there is none where all agree.";
        yield return "Kappa is agreement beyond chance: where nearly all answers get the same score it can be low although the judges nearly always agree. Read it beside the share that agrees.";
        yield return "Bias is the mean of the second minus the first. One that is the same for all methods leaves their order alone.";
        string[] missing = [.. table.Report.Rows.Except(table.Rows).Select(r => $"{r.Method} on {r.Dataset}")];
        if (missing.Length > 0)
        {
            yield return $"Left out, because a scorer has no numbers there: {string.Join(", ", missing)}.";
        }
    }
}
