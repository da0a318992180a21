using System.Globalization;
using System.Text;

namespace SafeTuneBed.Tests.Parity;

/// <summary>The measured differences as a page: a line for each fixture and check, with the quantity that came nearest to its bound.</summary>
internal static class ParityTable
{
    /// <summary>The page.</summary>
    /// <param name="lines">What was measured.</param>
    public static string Of(IEnumerable<ParityLine> lines)
    {
        var page = new StringBuilder("""
            # Parity, measured

            Written by the parity tests, see [parity.md](parity.md). One line for each fixture and check; of the quantities that a check compares, the one that came nearest to its bound is shown.
            *Largest* is the largest difference seen, *allowed* its bound; where both are 0 all ids, texts or bits are equal.

            | fixture | check | quantities | nearest to its bound | largest | allowed |
            |---|---|---|---|---|---|

            """.ReplaceLineEndings("\n"));
        foreach (IGrouping<(string Fixture, string Check), ParityLine> check in lines.GroupBy(l => (l.Fixture, l.Check)))
        {
            ParityLine nearest = check.MaxBy(l => l.Largest / Math.Max(l.Allowed, double.Epsilon))!;
            page.Append(CultureInfo.InvariantCulture, $"| `{nearest.Fixture}` | {nearest.Check} | {check.Count()} | {nearest.Quantity} | {Shown(nearest.Largest)} | {Shown(nearest.Allowed)} |\n");
        }

        return page.ToString();
    }

    private static string Shown(double value) => value is 0 ? "0" : value.ToString("0.0e-0", CultureInfo.InvariantCulture);
}
