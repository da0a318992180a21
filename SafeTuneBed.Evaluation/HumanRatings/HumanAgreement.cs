using System.Globalization;
using SafeTuneBed.Sensitivity;

namespace SafeTuneBed.HumanRatings;

/// <summary>
/// Compares people's ratings with scorers. An answer counts as many as it stands for: those of its stratum over those of it that were rated (Horvitz and Thompson, 1952, with
/// what was left blank taken as missing by chance).
/// </summary>
internal sealed class HumanAgreement
{
    private readonly CalibrationKey key;
    private readonly Scorer[] scorers;
    private readonly int raters;
    private readonly double?[][] values; // by scorer, people first, then by answer

    private HumanAgreement(CalibrationKey key, IReadOnlyList<(string Name, Dictionary<string, double> Ratings)> people)
    {
        this.key = key;
        raters = people.Count;
        scorers = [.. people.Select(p => key.Scorers[0].ToScorer() with { Key = p.Name }), .. key.Scorers.Select(s => s.ToScorer())];
        values =
        [
            .. people.Select(p => key.Items.Select(i => p.Ratings.TryGetValue(i.Id, out double r) ? r : (double?)null).ToArray()),
            .. key.Scorers.Select((_, k) => key.Items.Select(i => (double?)i.Scores[k]).ToArray()),
        ];
    }

    public static CalibrationReport Compare(CalibrationKey key, IReadOnlyList<string> sheets)
    {
        if (sheets.Count == 0)
        {
            throw new ConfigurationException("No rated sheet is named.");
        }

        HashSet<string> ids = [.. key.Items.Select(i => i.Id)];
        (string Name, Dictionary<string, double> Ratings)[] people = [.. sheets.Select(s => (Path.GetFileNameWithoutExtension(s), CalibrationSheet.ReadRatings(s, key.Scorers[0], ids)))];
        if (people.DistinctBy(p => p.Name).Count() != people.Length)
        {
            throw new ConfigurationException($"The sheets {string.Join(", ", people.Select(p => $"'{p.Name}'"))} have the same name, which is the person's. Name each file after its rater.");
        }

        return people.FirstOrDefault(p => p.Ratings.Count == 0) is { Name: { } empty }
            ? throw new ConfigurationException($"Nothing is rated in the sheet '{empty}'. Ratings go into the column 'rating'.")
            : new HumanAgreement(key, people).Compare();
    }

    private CalibrationReport Compare()
    {
        var pairs = new List<JudgePair>();
        for (int first = 0; first < raters; first++)
        {
            for (int second = first + 1; second < scorers.Length; second++)
            {
                pairs.Add(Pair(first, second));
            }
        }

        int[] rated = Where(i => Enumerable.Range(0, raters).Any(r => values[r][i] is not null));
        return new CalibrationReport(key.Report, key.Items.Count)
        {
            Scorers = [.. Enumerable.Range(0, scorers.Length).Select(ScoresOf)],
            Pairs = pairs,
            Consensus = ConsensusFinder.Find(scorers, [.. rated.Select(i => (IReadOnlyList<double?>)[.. values.Select(v => v[i])])], Weights(rated), [.. rated.Select(i => key.Items[i].ItemId)]),
            Notes = [.. Notes(rated)],
        };
    }

    private JudgePair Pair(int first, int second)
    {
        int[] both = Where(i => values[first][i] is not null && values[second][i] is not null);
        return PairAgreement.Of(
            scorers[first],
            scorers[second],
            [.. both.Select(i => values[first][i]!.Value)],
            [.. both.Select(i => values[second][i]!.Value)],
            Weights(both),
            [.. both.Select(i => key.Items[i].ItemId)]) with { Dropped = key.Items.Count - both.Length };
    }

    private JudgeScores ScoresOf(int scorer)
    {
        int[] scored = Where(i => values[scorer][i] is not null);
        double[] weights = Weights(scored);
        int missing = key.Items.Count - scored.Length;
        return new JudgeScores
        {
            Scorer = scorers[scorer].Key,
            Answers = key.Items.Count,
            Unscored = missing == 0 ? new Dictionary<UnscoredReason, int>() : new Dictionary<UnscoredReason, int> { [UnscoredReason.NotApplicable] = missing },
            Mean = scored.Length == 0 ? null : scored.Zip(weights).Sum(p => values[scorer][p.First]!.Value * p.Second) / weights.Sum(),
        };
    }

    // They sum to the number of answers.
    private double[] Weights(int[] answers)
    {
        Dictionary<string, int> rated = answers.CountBy(i => key.Items[i].Stratum).ToDictionary(StringComparer.Ordinal);
        double[] weights = [.. answers.Select(i => (double)key.Items[i].StratumSize / rated[key.Items[i].Stratum])];
        double scale = answers.Length / weights.Sum();
        return [.. weights.Select(w => w * scale)];
    }

    private int[] Where(Func<int, bool> holds) => [.. Enumerable.Range(0, key.Items.Count).Where(holds)];

    private IEnumerable<string> Notes(int[] rated)
    {
        yield return "Shares, kappa, alpha, bias and means are weighted to all answers that the sample was drawn from; tables of counts are of the rated answers themselves.";
        yield return "Intervals are of 95 %, by resampling prompts. The bias is the second minus the first: above 0 a judge is stricter than the person where high is worst.";
        for (int r = 0; r < raters; r++)
        {
            int count = values[r].Count(v => v is not null);
            if (count < key.Items.Count)
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"{scorers[r].Key} rated {count} of {key.Items.Count}; the others are taken as missing by chance.");
            }
        }

        string[] missing = [.. key.Items.Select(i => i.Stratum).Distinct().Except(rated.Select(i => key.Items[i].Stratum)).Order(StringComparer.Ordinal)];
        if (missing.Length > 0)
        {
            yield return $"Nobody rated an answer of these kinds, so the numbers say nothing of them (agreement and score of the first judge): {string.Join(", ", missing)}.";
        }
    }
}
