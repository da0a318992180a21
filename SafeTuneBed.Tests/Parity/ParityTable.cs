using System.Globalization;
using System.Text;

namespace SafeTuneBed.Tests.Parity;

/// <summary>The measured differences as a page: a line for each fixture and check, with the quantity that came nearest to its bound.</summary>
internal static class ParityTable
{
    /// <summary>The page.</summary>
    /// <param name="lines">Fixture, check, quantity, largest difference, tolerance.</param>
    public static string Of(IEnumerable<string> lines)
    {
        var page = new StringBuilder("""
            # Parity, measured

            Written by the parity tests, see [parity.md](parity.md). One line for each fixture and check; of the quantities that a check compares, the one that came nearest to its bound is shown.
            *Largest* is the largest difference seen, *allowed* its bound; where both are 0 all ids, texts or bits are equal.

            | fixture | check | quantities | nearest to its bound | largest | allowed |
            |---|---|---|---|---|---|

            """.ReplaceLineEndings("\n"));
        foreach (IGrouping<(string Fixture, string Check), string[]> check in lines.Select(l => l.Split(',')).GroupBy(f => (f[0], f[1])))
        {
            string[] nearest = check.MaxBy(f => Number(f[3]) / Math.Max(Number(f[4]), double.Epsilon))!;
            page.Append(CultureInfo.InvariantCulture, $"| `{check.Key.Fixture}` | {check.Key.Check} | {check.Count()} | {nearest[2]} | {Shown(nearest[3])} | {Shown(nearest[4])} |\n");
        }

        return page.ToString();
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static string Shown(string text) => Number(text) is 0 ? "0" : Number(text).ToString("0.0e-0", CultureInfo.InvariantCulture);
}
