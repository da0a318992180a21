using System.Globalization;

namespace SafeTuneBed.Sensitivity;

/// <summary>One answer with the score of each scorer.</summary>
/// <param name="Row">The row it belongs to.</param>
/// <param name="Seed">Which of the row's seeds, from 0.</param>
/// <param name="ItemId">The prompt.</param>
/// <param name="Scores">One per scorer.</param>
internal sealed record ScoredAnswer(ReportRow Row, int Seed, string ItemId, IReadOnlyList<SampleScore> Scores);

/// <summary>The answers of a report under several scorers, lined up: every scorer was asked the same items, answered in the same way.</summary>
internal sealed class ScoredAnswers
{
    private const string AskedPrefix = "Asked:";

    private ScoredAnswers(GridReport report, IReadOnlyList<Scorer> scorers, IReadOnlyList<ReportRow> rows, IReadOnlyList<ScoredAnswer> answers) =>
        (Report, Scorers, Rows, Answers) = (report, scorers, rows, answers);

    public GridReport Report { get; }

    public IReadOnlyList<Scorer> Scorers { get; }

    /// <summary>Rows that every scorer has scored.</summary>
    public IReadOnlyList<ReportRow> Rows { get; }

    public IReadOnlyList<ScoredAnswer> Answers { get; }

    /// <summary>Lines the scores up.</summary>
    /// <exception cref="SafeTuneBedException">The scorers were asked different things; the message names what differs.</exception>
    public static ScoredAnswers Of(GridReport report, IReadOnlyList<string> asked)
    {
        Scorer[] scorers = [.. asked.Select(a => Scorer.Find(report, a))];
        if (scorers.DistinctBy(s => s.Key).Count() != scorers.Length)
        {
            throw new ConfigurationException($"Scorers to compare are '{string.Join(", ", scorers.Select(s => s.Key))}'. Name each once.");
        }

        ReportRow[] rows = [.. report.Rows.Where(r => scorers.All(s => r[s.Key] is not null))];
        if (rows.Length == 0)
        {
            throw new ConfigurationException($"No row of the report '{report.Name}' has scores of all of {string.Join(", ", scorers.Select(s => $"'{s.Key}'"))}.");
        }

        return new ScoredAnswers(report, scorers, rows, [.. rows.SelectMany(r => Align(report, r, scorers))]);
    }

    private static IEnumerable<ScoredAnswer> Align(GridReport report, ReportRow row, Scorer[] scorers)
    {
        foreach (Scorer other in scorers.Skip(1))
        {
            CheckAsked(row, scorers[0], other);
        }

        IReadOnlyList<IReadOnlyList<SampleScore>>[] scores = [.. scorers.Select(s => report.Scores(row, s.Key))];
        for (int k = 1; k < scorers.Length; k++)
        {
            if (scores[k].Count != scores[0].Count)
            {
                throw Differ(row, scorers[0], scorers[k], "number of seeds", Text(scores[0].Count), Text(scores[k].Count));
            }
        }

        for (int seed = 0; seed < scores[0].Count; seed++)
        {
            Dictionary<string, SampleScore>[] byItem = [.. scores.Select(s => s[seed].ToDictionary(x => x.ItemId, StringComparer.Ordinal))];
            for (int k = 1; k < scorers.Length; k++)
            {
                string[] odd = [.. byItem[0].Keys.Except(byItem[k].Keys).Concat(byItem[k].Keys.Except(byItem[0].Keys))];
                if (odd.Length > 0)
                {
                    throw Differ(row, scorers[0], scorers[k], "item set", $"{Text(byItem[0].Count)} items", $"{Text(byItem[k].Count)} items, '{odd[0]}' being in one of them only");
                }
            }

            foreach (SampleScore first in scores[0][seed])
            {
                yield return new ScoredAnswer(row, seed, first.ItemId, [.. byItem.Select(b => b[first.ItemId])]);
            }
        }
    }

    // "520 items 0123456789abcdef, greedy, at most 512 tokens": the items, then the decoding.
    private static void CheckAsked(ReportRow row, Scorer first, Scorer second)
    {
        if (!row.Settings.TryGetValue(AskedPrefix + Scorer.EntryOf(first.Key), out string? one) || !row.Settings.TryGetValue(AskedPrefix + Scorer.EntryOf(second.Key), out string? other))
        {
            return; // told apart item by item
        }

        string[] a = one.Split(", ", 2), b = other.Split(", ", 2);
        if (a[0] != b[0])
        {
            throw Differ(row, first, second, "item set", a[0], b[0]);
        }

        if (a[^1] != b[^1])
        {
            throw Differ(row, first, second, "decoding", a[^1], b[^1]);
        }
    }

    private static SafeTuneBedException Differ(ReportRow row, Scorer first, Scorer second, string field, string one, string other) => new(
        $"'{first.Key}' and '{second.Key}' of '{row.Method}' on '{row.Dataset}' can't be compared, because the {field} differs: {one} and {other}. Let both score the same answers: the same prompt set, limit of new tokens and decoding.");

    private static string Text(int count) => count.ToString(CultureInfo.InvariantCulture);
}
