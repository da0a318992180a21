using System.Globalization;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Parity;

/// <summary>Compares results with their references, remembers the largest difference of each quantity, and fails beyond the tolerance.</summary>
internal sealed class Measured(string fixture, string check)
{
    private readonly Dictionary<string, (double Largest, double Tolerance)> seen = new(StringComparer.Ordinal);

    public void Near(string quantity, double actual, double expected, double tolerance) => Note(quantity, Math.Abs(actual - expected), tolerance);

    /// <summary>Largest absolute difference of two float64 tensors of one shape.</summary>
    public void Near(string quantity, Tensor actual, Tensor expected, double tolerance)
    {
        using var scope = NewDisposeScope();
        Assert.Equal(expected.shape, actual.shape);
        Note(quantity, actual.to(ScalarType.Float64).sub(expected).abs().max().item<double>(), tolerance);
    }

    public void Equal<T>(string quantity, IReadOnlyList<T> actual, IReadOnlyList<T> expected)
    {
        Remember(quantity, actual.SequenceEqual(expected) ? 0 : 1, 0);
        Assert.Equal(expected, actual);
    }

    /// <summary>None of many comparisons may differ; a failure lists those that do.</summary>
    public void AllEqual(string quantity, IReadOnlyList<string> differences)
    {
        Remember(quantity, differences.Count, 0);
        Assert.True(differences.Count == 0, $"{fixture}, {check}: {quantity}, {differences.Count} differ.\n{string.Join('\n', differences.Take(25))}");
    }

    public void Note(string quantity, double difference, double tolerance)
    {
        Remember(quantity, difference, tolerance);
        Assert.True(difference <= tolerance, string.Create(CultureInfo.InvariantCulture, $"{fixture}, {check}: {quantity} differs by {difference:G4}, allowed is {tolerance:G4}."));
    }

    /// <summary>One line for each quantity.</summary>
    public IEnumerable<ParityLine> Lines() => seen.Select(s => new ParityLine(fixture, check, s.Key, s.Value.Largest, s.Value.Tolerance));

    private void Remember(string quantity, double difference, double tolerance)
    {
        double before = seen.TryGetValue(quantity, out (double Largest, double Tolerance) old) ? old.Largest : 0;
        seen[quantity] = (double.IsNaN(difference) || double.IsNaN(before) ? double.NaN : Math.Max(before, difference), tolerance);
    }
}
