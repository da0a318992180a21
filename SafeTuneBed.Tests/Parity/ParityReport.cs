namespace SafeTuneBed.Tests.Parity;

/// <summary>
/// Writes the largest difference of every quantity to <c>parity.csv</c> beside the tests once all have run, and a table of it to the file that
/// <c>SAFETUNEBED_PARITY_TABLE</c> names, if it does.
/// </summary>
public sealed class ParityReport : IDisposable
{
    private readonly SortedDictionary<string, ParityLine> lines = new(StringComparer.Ordinal);

    public static string Path => System.IO.Path.Combine(AppContext.BaseDirectory, "parity.csv");

    public void Add(IEnumerable<ParityLine> measured)
    {
        lock (lines)
        {
            foreach (ParityLine line in measured)
            {
                lines[line.ToString()] = line;
            }
        }
    }

    public void Dispose()
    {
        try
        {
            if (Environment.GetEnvironmentVariable("SAFETUNEBED_PARITY_TABLE") is { Length: > 0 } table)
            {
                File.WriteAllText(System.IO.Path.GetFullPath(table, TestDoubles.SharedFolder.Root), ParityTable.Of(lines.Values));
            }

            File.WriteAllLines(Path, ["fixture,check,quantity,largest_difference,tolerance", .. lines.Keys]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // a read-only output folder must not fail the tests: their output holds the same lines
        }
    }
}
