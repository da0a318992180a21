using System.Globalization;
using SafeTuneBed.Sensitivity;
using SafeTuneBed.Statistics;

namespace SafeTuneBed.HumanRatings;

/// <summary>
/// The draw: strata are whether the scorers agree and what the first one said. Each gets about the same number; within one every answer has the same chance, and a systematic
/// draw over its answers in the order of rows spreads them over models, methods, data sets and seeds.
/// </summary>
internal static class CalibrationDraw
{
    private const int Bins = 5, MostGrades = 20, IdDigits = 10;

    public static CalibrationSample Draw(GridReport report, IReadOnlyList<string> asked, int count, ulong seed)
    {
        if (asked.Count == 0)
        {
            throw new ConfigurationException("No scorer is named whose scores people are to be compared with. Name one, such as 'harmfulness'.");
        }

        ScoredAnswers table = ScoredAnswers.Of(report, asked);
        IReadOnlyList<Scorer> scorers = table.Scorers;
        if (scorers.FirstOrDefault(s => !s.HasScaleOf(scorers[0])) is { } other)
        {
            throw new ConfigurationException($"'{scorers[0].Key}' ({scorers[0].ScaleText}) and '{other.Key}' ({other.ScaleText}) have different scales, but people rate on one. Draw a sample for each, or name numbers of one scale.");
        }

        List<Candidate> pool = Pool(table);
        if (pool.Count == 0)
        {
            throw new ConfigurationException($"The report '{report.Name}' has no stored answer that all of {string.Join(", ", scorers.Select(s => $"'{s.Key}'"))} scored. Samples are drawn from the report of a run, not from one without its run folder.");
        }

        bool isWhole = pool.All(c => c.Scores.All(double.IsInteger));
        CalibrationScale[] scales = [.. scorers.Select(s => new CalibrationScale(s.Key, s.Minimum, s.Maximum, s.IsShare, isWhole, s.Direction))];
        bool isGrade = isWhole && scales[0].Maximum - scales[0].Minimum < MostGrades;
        Stratum[] strata =
        [
            .. pool.GroupBy(c => (Agrees: c.Scores.Distinct().Count() == 1, Bin: isGrade ? (int)c.Scores[0] : BinOf(c.Scores[0], scales[0])))
                .OrderBy(g => g.Key.Agrees).ThenBy(g => g.Key.Bin)
                .Select(g => new Stratum(string.Create(CultureInfo.InvariantCulture, $"{(g.Key.Agrees ? "same" : "different")} {g.Key.Bin}"), g.Key.Agrees, [.. g])),
        ];
        int[] sizes = Allot(strata, Math.Min(count, pool.Count));
        if (sizes.Contains(0))
        {
            throw new ConfigurationException(string.Create(CultureInfo.InvariantCulture, $"{count} answers are too few: there are {strata.Length} combinations of score and agreement, and each must come at least once. Draw {2 * strata.Length} or more."));
        }

        var random = new SeededRandom(SeededRandom.SeedOf(string.Create(CultureInfo.InvariantCulture, $"calibration {seed}")));
        (Candidate Item, Stratum Of)[] drawn = [.. strata.Zip(sizes).SelectMany(s => Systematic(s.First, s.Second, random, seed).Select(c => (c, s.First)))];
        Shuffle(drawn, random);
        (string Id, Candidate Item, Stratum Of)[] named = [.. drawn.Select(d => ("q" + Hash($"id {report.Name} {seed} {d.Item.Place}").ToString("x16", CultureInfo.InvariantCulture)[..IdDigits], d.Item, d.Of))];
        var key = new CalibrationKey
        {
            Report = report.Name,
            Seed = seed,
            Scorers = scales,
            Items = [.. named.Select(n => new CalibrationPlace(n.Id, n.Item.Row.Model, n.Item.Row.Method, n.Item.Row.Dataset, n.Item.Seed, n.Item.ItemId, n.Item.Scores, n.Of.Name, n.Of.Items.Count))],
        };
        return new CalibrationSample(key, [.. named.Select(n => new CalibrationItem(n.Id, n.Item.Request, n.Item.Answer))]);
    }

    private static List<Candidate> Pool(ScoredAnswers table)
    {
        var pool = new List<Candidate>();
        foreach (ReportRow row in table.Rows)
        {
            IReadOnlyList<ReportSample> samples = table.Report.Samples(row);
            var byScorer = table.Scorers.Select(s => samples.Where(x => x.Scores.ContainsKey(s.Key)).ToDictionary(x => (x.Seed, x.ItemId), x => x.Scores[s.Key].Value)).ToArray();
            string entry = Scorer.EntryOf(table.Scorers[0].Key);
            foreach (ReportSample sample in samples.Where(s => s.Evaluator == entry && s.Prompt is not null && !string.IsNullOrWhiteSpace(s.Answer)))
            {
                double?[] scores = [.. byScorer.Select(s => s.GetValueOrDefault((sample.Seed, sample.ItemId)))];
                if (scores.All(s => s is not null))
                {
                    pool.Add(new Candidate(row, sample.Seed, sample.ItemId, sample.Prompt!, sample.Answer!, [.. scores.Select(s => s!.Value)]));
                }
            }
        }

        return pool;
    }

    private static int BinOf(double score, CalibrationScale scale) => 1 + Math.Min(Bins - 1, (int)((score - scale.Minimum) / (scale.Maximum - scale.Minimum) * Bins));

    // Half to those that agree and half to the others, then one after the other to each stratum that still has answers.
    private static int[] Allot(Stratum[] strata, int count)
    {
        int same = strata.Where(s => s.Agrees).Sum(s => s.Items.Count), different = strata.Where(s => !s.Agrees).Sum(s => s.Items.Count);
        int ofDifferent = Math.Min(different, Math.Max(count / 2, count - same));
        int[] sizes = new int[strata.Length];
        foreach ((bool agrees, int total) in new[] { (false, ofDifferent), (true, count - ofDifferent) })
        {
            for (int left = total; left > 0;)
            {
                for (int k = 0; k < strata.Length && left > 0; k++)
                {
                    if (strata[k].Agrees == agrees && sizes[k] < strata[k].Items.Count)
                    {
                        sizes[k]++;
                        left--;
                    }
                }
            }
        }

        return sizes;
    }

    private static IEnumerable<Candidate> Systematic(Stratum stratum, int size, SeededRandom random, ulong seed)
    {
        Candidate[] ordered =
        [
            .. stratum.Items.OrderBy(c => c.Row.Model, StringComparer.Ordinal).ThenBy(c => c.Row.Method, StringComparer.Ordinal).ThenBy(c => c.Row.Dataset, StringComparer.Ordinal)
                .ThenBy(c => c.Seed).ThenBy(c => Hash(string.Create(CultureInfo.InvariantCulture, $"{seed} {c.ItemId}"))),
        ];

        // A start anywhere in the first step, in whole numbers: answer k is drawn with chance size / all.
        long start = random.NextIndex(ordered.Length);
        for (int k = 0; k < size; k++)
        {
            yield return ordered[(int)((start + ((long)k * ordered.Length)) / size)];
        }
    }

    private static void Shuffle<T>(T[] items, SeededRandom random)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = random.NextIndex(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static ulong Hash(string text) => SeededRandom.SeedOf(text);

    private sealed record Candidate(ReportRow Row, ulong Seed, string ItemId, string Request, string Answer, IReadOnlyList<double> Scores)
    {
        public string Place => string.Create(CultureInfo.InvariantCulture, $"{Row.Model}\n{Row.Method}\n{Row.Dataset}\n{Seed}\n{ItemId}");
    }

    private sealed record Stratum(string Name, bool Agrees, IReadOnlyList<Candidate> Items);
}
