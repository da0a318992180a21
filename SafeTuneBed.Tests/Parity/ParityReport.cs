namespace SafeTuneBed.Tests.Parity;

/// <summary>Writes the largest difference of every quantity to <c>parity.csv</c> beside the tests once all have run.</summary>
public sealed class ParityReport : IDisposable
{
    private readonly SortedSet<string> lines = new(StringComparer.Ordinal);

    public static string Path => System.IO.Path.Combine(AppContext.BaseDirectory, "parity.csv");

    public void Add(IEnumerable<string> csv)
    {
        lock (lines)
        {
            lines.UnionWith(csv);
        }
    }

    public void Dispose()
    {
        try
        {
            File.WriteAllLines(Path, ["fixture,check,quantity,largest_difference,tolerance", .. lines]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // a read-only output folder must not fail the tests: their output holds the same lines
        }
    }
}
