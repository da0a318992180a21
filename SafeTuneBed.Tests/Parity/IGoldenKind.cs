namespace SafeTuneBed.Tests.Parity;

/// <summary>A kind of fixture: how it is recognized and what is checked. A new kind is a class and one line in <see cref="GoldenKinds"/>.</summary>
internal interface IGoldenKind
{
    /// <summary>Name in messages.</summary>
    string Name { get; }

    /// <summary>Recognizes a fixture by its files and the fields of its results.</summary>
    bool Matches(GoldenFixture fixture);

    /// <summary>Why a recognized fixture can't be checked, or null.</summary>
    string? Unsupported(GoldenFixture fixture);

    /// <summary>The checks of a fixture by name; each becomes a test case.</summary>
    IReadOnlyDictionary<string, Action<GoldenFixture, Measured>> Checks(GoldenFixture fixture);
}
