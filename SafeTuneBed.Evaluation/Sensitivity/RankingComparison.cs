using SafeTuneBed.Statistics;

namespace SafeTuneBed.Sensitivity;

/// <summary>The order of the methods of each data set by each scorer, and how alike the orders are.</summary>
internal sealed class RankingComparison(ScoredAnswers table)
{
    private readonly List<string> notes = [];

    public IReadOnlyList<string> Notes => notes;

    public (IReadOnlyList<JudgeRanking> Rankings, IReadOnlyList<RankAgreement> Taus) Compare(IReadOnlyList<(int First, int Second)> pairs)
    {
        var rankings = new List<JudgeRanking>();
        var taus = new List<RankAgreement>();
        int[] ordered = [.. Enumerable.Range(0, table.Scorers.Count).Where(k => table.Scorers[k].Direction != Direction.Neutral)];
        foreach (ReportRow[] rows in table.Rows.GroupBy(r => (r.Model, r.Dataset)).Select(g => Competing([.. g])).Where(g => g.Length > 1))
        {
            if (!CanBeLinedUp(rows))
            {
                notes.Add($"{rows[0].Dataset}: methods are not ranked, because they have different numbers of seeds or were asked different items.");
                continue;
            }

            rankings.AddRange(ordered.Select(k => Rank(rows, table.Scorers[k])));
            Dictionary<int, ConditionSet> sets = ordered.ToDictionary(k => k, k => new ConditionSet(table.Scorers[k].Definition!, ScoresOf(rows, table.Scorers[k]), IsLower(table.Scorers[k])));
            foreach ((int a, int b) in pairs.Where(p => ordered.Contains(p.First) && ordered.Contains(p.Second)))
            {
                (AgreementEstimate tau, double same) = RankingTau.Of(sets[a], sets[b], $"{table.Scorers[a].Key} {table.Scorers[b].Key} {rows[0].Dataset}");
                taus.Add(new RankAgreement
                {
                    First = table.Scorers[a].Key, Second = table.Scorers[b].Key, Model = rows[0].Model, Dataset = rows[0].Dataset, Methods = rows.Length, Tau = tau, SameBestShare = same,
                });
            }
        }

        if (rankings.Count > 0)
        {
            notes.Add("Best in and ahead of the next in: shares of 2,000 resamples of items and seeds, the same for all methods. Tau is Kendall's tau-b; with few methods even 1 is no finding: of four it comes about by chance in one of twelve cases.");
        }

        return (rankings, taus);
    }

    // As standings do: trained methods compete, all where none is trained.
    private static ReportRow[] Competing(ReportRow[] rows) => rows.Count(r => r.PoisonRatio is not null) > 0 ? [.. rows.Where(r => r.PoisonRatio is not null)] : rows;

    private static bool IsLower(Scorer scorer) => scorer.Direction == Direction.LowerIsBetter;

    private IReadOnlyList<IReadOnlyList<SampleScore>>[] ScoresOf(ReportRow[] rows, Scorer scorer) => [.. rows.Select(r => table.Report.Scores(r, scorer.Key))];

    private bool CanBeLinedUp(ReportRow[] rows)
    {
        IReadOnlyList<IReadOnlyList<SampleScore>>[] scores = ScoresOf(rows, table.Scorers[0]);
        int seeds = scores.Max(s => s.Count);
        HashSet<string> items = [.. scores[0].FirstOrDefault()?.Select(s => s.ItemId) ?? []];
        return items.Count > 0 && scores.All(s => (s.Count == seeds || s.Count == 1) && s.All(x => items.SetEquals(x.Select(i => i.ItemId))));
    }

    private JudgeRanking Rank(ReportRow[] rows, Scorer scorer)
    {
        RankStability sure = RankStability.Of(scorer.Definition!, ScoresOf(rows, scorer), IsLower(scorer));
        return new JudgeRanking
        {
            Scorer = scorer.Key,
            Model = rows[0].Model,
            Dataset = rows[0].Dataset,
            Methods =
            [
                .. Enumerable.Range(0, rows.Length).OrderBy(i => rows[i][scorer.Key]!.Value is not { } v ? double.MaxValue : IsLower(scorer) ? v : -v)
                    .Select(i => new RankedMethod(rows[i].Method, rows[i][scorer.Key]!.Value, sure.BestShares[i], sure.AheadShares[i])),
            ],
        };
    }
}
