using System.Globalization;
using System.Text;

namespace SafeTuneBed;

/// <summary>One row of a <see cref="CountTable"/>.</summary>
/// <param name="Dataset">Name of the recipe.</param>
/// <param name="Mode">How it counts.</param>
/// <param name="Ratio">Configured share of poison.</param>
/// <param name="Counts">Exact counts; null when the recipe takes all rows of a file, whose number only the file knows.</param>
/// <param name="HarmfulSource">Where poison comes from; null without any.</param>
public sealed record CountRow(string Dataset, MixMode Mode, decimal Ratio, CountPlan? Counts, string? HarmfulSource);

/// <summary>The exact counts of some recipes, known without opening a file.</summary>
public sealed class CountTable
{
    private static readonly string[] Heads = ["data set", "mode", "benign", "harmful", "guide", "total", "realized", "harmful source"];

    internal CountTable(IReadOnlyList<CountRow> rows) => Rows = rows;

    /// <summary>A row for each recipe, in their order.</summary>
    public IReadOnlyList<CountRow> Rows { get; }

    /// <summary>A table for the console; "all" where a recipe takes every row of a file.</summary>
    public override string ToString()
    {
        List<string[]> lines = [Heads, .. Rows.Select(Cells)];
        int[] widths = [.. Enumerable.Range(0, Heads.Length).Select(i => lines.Max(l => l[i].Length))];
        var text = new StringBuilder();
        foreach (string[] line in lines)
        {
            text.Append(string.Join("  ", line.Select((cell, i) => i is >= 2 and <= 6 ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]))).TrimEnd()).Append('\n');
        }

        return text.ToString();
    }

    private static string[] Cells(CountRow row) => row.Counts is { } counts
        ? [row.Dataset, row.Mode.ToString(), Number(counts.Benign), Number(counts.Harmful), Number(counts.Guide), Number(counts.Total), counts.Ratio.ToString("0.000000", CultureInfo.InvariantCulture), row.HarmfulSource ?? "-"]
        : [row.Dataset, row.Mode.ToString(), "all", "?", "?", "?", row.Ratio.ToString(CultureInfo.InvariantCulture), row.HarmfulSource ?? "-"];

    private static string Number(int value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
