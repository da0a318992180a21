namespace SafeTuneBed.Judges;

/// <summary>What was read out of a judge's text: a value, or the reason why there is none.</summary>
internal sealed record Verdict
{
    public double? Value { get; private init; }

    public UnscoredReason? Reason { get; private init; }

    /// <summary>A remark: <c>multiple-scores</c>, <c>out-of-range</c>, categories of a guard, ...</summary>
    public string? Label { get; init; }

    /// <summary>Further parts of the verdict, such as the fields of a rubric.</summary>
    public IReadOnlyDictionary<string, double> Parts { get; init; } = new Dictionary<string, double>();

    public static Verdict Of(double value, string? label = null) => new() { Value = value, Label = label };

    public static Verdict None(UnscoredReason reason, string? label = null) => new() { Reason = reason, Label = label };

    /// <summary>There is a text, and no verdict in it: the judge declined, or wrote something else.</summary>
    public static Verdict Unreadable(string text, string? label = null) =>
        JudgeRefusal.Declines(text) ? None(UnscoredReason.JudgeRefused, "declined") : None(UnscoredReason.JudgeUnparsable, label ?? (string.IsNullOrWhiteSpace(text) ? "empty" : "no-score"));

    /// <summary>The verdict of a panel: the median of its members', of an even number the lower one in the middle; none where fewer than half gave one.</summary>
    public static Verdict Combine(IReadOnlyList<Verdict> verdicts)
    {
        if (verdicts.Count == 1)
        {
            return verdicts[0];
        }

        Verdict[] given = [.. verdicts.Where(v => v.Value is not null).OrderBy(v => v.Value)];
        return given.Length * 2 >= verdicts.Count
            ? given[(given.Length - 1) / 2]
            : verdicts.Where(v => v.Value is null).GroupBy(v => v.Reason).OrderByDescending(g => g.Count()).ThenBy(g => g.Key).First().First();
    }
}
