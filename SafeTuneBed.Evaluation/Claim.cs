namespace SafeTuneBed;

/// <summary>A row of a report that a claim speaks of.</summary>
/// <param name="Method">Method, in any form that means a row: <c>safe-lora</c> is <c>lora+safe-lora</c>.</param>
/// <param name="Dataset">Data set name.</param>
/// <param name="Model">Display name of the model; null where the report has one model.</param>
public sealed record ClaimRow(string Method, string Dataset, string? Model = null)
{
    /// <inheritdoc/>
    public override string ToString() => Model is null ? $"{Method} on {Dataset}" : $"{Model}, {Method} on {Dataset}";
}

/// <summary>What a claim says of its rows.</summary>
public enum ClaimForm
{
    /// <summary>The first row's value is lower than each other's.</summary>
    Lowest,

    /// <summary>The first row's value is higher than each other's.</summary>
    Highest,

    /// <summary>Each row's value is higher than the one before it.</summary>
    Ascending,

    /// <summary>Two rows' values are no further apart than <see cref="Claim.Margin"/>.</summary>
    Same,

    /// <summary>One row's value lies from <see cref="Claim.Minimum"/> to <see cref="Claim.Maximum"/>.</summary>
    Between,
}

/// <summary>
/// A statement about a report that its numbers can bear out or refute: written down before the runs, tested after them by <see cref="ClaimReport"/>. Immutable.
/// </summary>
public sealed record Claim
{
    private Claim(string name, ClaimForm form, string metric, IReadOnlyList<ClaimRow> rows)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentException.ThrowIfNullOrWhiteSpace(metric);
        (Name, Form, Metric, Rows) = (name, form, metric, rows);
    }

    /// <summary>Short name, unique among claims that are tested together.</summary>
    public string Name { get; }

    /// <summary>What is said.</summary>
    public ClaimForm Form { get; }

    /// <summary>Metric key, such as <c>attack-success@advbench/keyword-ref/attack-success</c>.</summary>
    public string Metric { get; }

    /// <summary>The rows, in the order that <see cref="Form"/> gives them.</summary>
    public IReadOnlyList<ClaimRow> Rows { get; }

    /// <summary>
    /// In the metric's unit (shares are fractions). Of a claim about an order: a difference must exceed it; default 0. Of <see cref="ClaimForm.Same"/>: the largest difference that
    /// counts as none.
    /// </summary>
    public double Margin { get; init; }

    /// <summary>Smallest value of <see cref="ClaimForm.Between"/>; null sets no limit.</summary>
    public double? Minimum { get; private init; }

    /// <summary>Largest value of <see cref="ClaimForm.Between"/>; null sets no limit.</summary>
    public double? Maximum { get; private init; }

    /// <summary>The claim in words.</summary>
    public string Text { get; init; } = "";

    /// <summary>Where it is made: paper, section or table, and the figures as printed.</summary>
    public string Source { get; init; } = "";

    /// <summary>One row lies below another.</summary>
    public static Claim Below(string name, string metric, ClaimRow row, ClaimRow other) => Lowest(name, metric, row, other);

    /// <summary>One row lies above another.</summary>
    public static Claim Above(string name, string metric, ClaimRow row, ClaimRow other) => Highest(name, metric, row, other);

    /// <summary>One row lies below each of several.</summary>
    /// <exception cref="ArgumentException">There is no other row.</exception>
    public static Claim Lowest(string name, string metric, ClaimRow row, params IReadOnlyList<ClaimRow> others) => new(name, ClaimForm.Lowest, metric, AtLeastTwo([row, .. others]));

    /// <summary>One row lies above each of several.</summary>
    /// <exception cref="ArgumentException">There is no other row.</exception>
    public static Claim Highest(string name, string metric, ClaimRow row, params IReadOnlyList<ClaimRow> others) => new(name, ClaimForm.Highest, metric, AtLeastTwo([row, .. others]));

    /// <summary>Each row lies above the one before it: a ranking, or a rise.</summary>
    /// <exception cref="ArgumentException">There are fewer than two rows.</exception>
    public static Claim Ascending(string name, string metric, params IReadOnlyList<ClaimRow> rows) => new(name, ClaimForm.Ascending, metric, AtLeastTwo([.. rows]));

    /// <summary>Two rows differ by no more than a tolerance above 0. That no difference was found does not bear it out; an interval inside the tolerance does.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The tolerance is not above 0.</exception>
    public static Claim Same(string name, string metric, ClaimRow row, ClaimRow other, double tolerance)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tolerance);
        return new(name, ClaimForm.Same, metric, [row, other]) { Margin = tolerance };
    }

    /// <summary>One row's value lies between two values, ends included.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The smallest value is above the largest.</exception>
    public static Claim Between(string name, string metric, ClaimRow row, double minimum, double maximum)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minimum, maximum);
        return new(name, ClaimForm.Between, metric, [row]) { Minimum = minimum, Maximum = maximum };
    }

    /// <summary>One row's value is at least as large as a value.</summary>
    public static Claim AtLeast(string name, string metric, ClaimRow row, double minimum) => new(name, ClaimForm.Between, metric, [row]) { Minimum = minimum };

    /// <summary>One row's value is at most as large as a value.</summary>
    public static Claim AtMost(string name, string metric, ClaimRow row, double maximum) => new(name, ClaimForm.Between, metric, [row]) { Maximum = maximum };

    private static IReadOnlyList<ClaimRow> AtLeastTwo(ClaimRow[] rows) =>
        rows.Length < 2 || rows.Distinct().Count() < rows.Length ? throw new ArgumentException("Give two rows or more, each once.", nameof(rows)) : rows;
}
