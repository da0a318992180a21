using System.Globalization;
using SafeTuneBed.Statistics;

namespace SafeTuneBed.Reporting;

/// <summary>How numbers look in tables: invariant, shares in percent with one decimal, other means with two.</summary>
internal static class ReportFormat
{
    /// <summary>What stands where there is no number.</summary>
    public const string Missing = "–";

    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>A number of a metric, without its unit.</summary>
    public static string Number(double? value, MetricKind kind) => value switch
    {
        null => Missing,
        { } v when IsShare(kind) => (v * 100).ToString("0.0", Invariant),
        { } v => v.ToString("0.00", Invariant),
    };

    /// <summary>A value with its interval; marked where too many items have no score.</summary>
    public static string Value(MetricValue? metric) => metric?.Value is null
        ? Missing
        : Number(metric.Value, metric.Kind) + Range(metric.Lower, metric.Upper, metric.Kind) + (metric.IntervalMethod == IntervalFinder.Constant ? " (constant)" : "") + (metric.IsIncomplete ? " (!)" : "");

    /// <summary>Stands behind the best value of a data set.</summary>
    public const string IsBest = " *";

    /// <summary>Stands behind a value that the data do not separate from the best.</summary>
    public const string IsNotSeparated = " =";

    /// <summary>A value with its interval and its standing.</summary>
    public static string Value(ReportRow row, string key) => Value(row[key]) + row.Standings.GetValueOrDefault(key, Standing.Worse) switch
    {
        Standing.Best => IsBest,
        Standing.NotSeparated => IsNotSeparated,
        _ => "",
    };

    /// <summary>A difference with its sign and interval.</summary>
    public static string Difference(PairedComparison comparison, MetricKind kind) => comparison.Difference is { } d
        ? Signed(d, kind) + (comparison is { Lower: { } lower, Upper: { } upper } ? $" [{Signed(lower, kind)}, {Signed(upper, kind)}]" : "")
        : Missing;

    /// <summary>A p value: three decimals, or that it is smaller.</summary>
    public static string PValue(double? p) => p switch
    {
        null => Missing,
        < 0.001 => "< .001",
        { } v => v.ToString("0.000", Invariant),
    };

    /// <summary>Stands beside a small p value that too few seeds bear out.</summary>
    public const string SeedsDisagree = " †";

    /// <summary>Whether a p value is small although fewer than nine of ten seeds show the difference: an effect of single runs, not of the method.</summary>
    public static bool IsCarriedByFewSeeds(PairedComparison comparison, double? p) => p < 0.05 && comparison.Seeds > 1 && comparison.SeedsInDirection < 0.9 * comparison.Seeds;

    /// <summary>A p value of a comparison, marked where too few seeds bear it out.</summary>
    public static string PValue(PairedComparison comparison, double? p) => PValue(p) + (IsCarriedByFewSeeds(comparison, p) ? SeedsDisagree : "");

    /// <summary>How many seeds show the difference.</summary>
    public static string SeedsInDirection(PairedComparison comparison) =>
        $"{Count(comparison.SeedsInDirection)} of {Count(comparison.Seeds)}{(comparison.Seeds == 1 ? " (1 seed: no seed variance)" : "")}";

    /// <summary>A share of poison in percent; missing where nothing was trained.</summary>
    public static string Poison(decimal? ratio) => ratio is { } r ? (r * 100).ToString("0.##", Invariant) : Missing;

    /// <summary>A whole number.</summary>
    public static string Count(int count) => count.ToString(Invariant);

    /// <summary>Which way is better, for a heading.</summary>
    public static string Arrow(Direction direction) => direction switch
    {
        Direction.LowerIsBetter => " ↓",
        Direction.HigherIsBetter => " ↑",
        _ => "",
    };

    /// <summary>The unit in a heading.</summary>
    public static string Unit(MetricKind kind) => IsShare(kind) ? " %" : "";

    private static bool IsShare(MetricKind kind) => kind is MetricKind.Proportion or MetricKind.MacroF1;

    /// <summary>An interval in brackets; empty where there is none.</summary>
    public static string Range(double? lower, double? upper, MetricKind kind) =>
        lower is null || upper is null ? "" : $" [{Number(lower, kind)}, {Number(upper, kind)}]";

    private static string Signed(double value, MetricKind kind) =>
        value > 0 && Number(value, kind) is var text && !IsZero(text) ? "+" + text : Number(value, kind) is var same && IsZero(same) ? same.TrimStart('-') : same;

    private static bool IsZero(string text) => text.All(c => c is '0' or '.' or '-');
}
