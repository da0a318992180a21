using System.Globalization;

namespace SafeTuneBed.Tests.Parity;

/// <summary>The largest difference of one quantity in one check.</summary>
public sealed record ParityLine(string Fixture, string Check, string Quantity, double Largest, double Allowed)
{
    /// <summary>Fixture, check, quantity, largest difference, tolerance.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Fixture},{Check},{Quantity},{Largest:G4},{Allowed:G4}");
}
