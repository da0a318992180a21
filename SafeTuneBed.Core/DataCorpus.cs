namespace SafeTuneBed;

/// <summary>
/// A published corpus that the library can read and never ships: what it is, under which licence, where it comes from and where its files are put.
/// Missing files are reported with it.
/// </summary>
/// <param name="Name">Name, also of the folder below a data root and of the consent (<c>AcceptLicenses</c>).</param>
/// <param name="Title">What it is, in a few words.</param>
/// <param name="License">Licence of the data, not of a repository that passes them on.</param>
public sealed record DataCorpus(string Name, string Title, DataLicense License)
{
    /// <summary>Licence of the data; consent is given by the corpus's name, whatever task uses it.</summary>
    public DataLicense License { get; init; } = License with { Consent = Name };

    /// <summary>Who published it where: a data set's or a repository's name.</summary>
    public required string Home { get; init; }

    /// <summary>The file to put below a data root, with how it is called at its home.</summary>
    public required string Layout { get; init; }

    /// <summary>Fields of a record.</summary>
    public required string Fields { get; init; }

    /// <summary>Records of each part, as published.</summary>
    public required string Records { get; init; }

    /// <summary>What a user is told when a file is missing: what it is, its licence, how to get it.</summary>
    public string Hint =>
        $"{Title}; licence {License.Id}{(License.Flags.Count > 0 ? $" ({string.Join(", ", License.Flags)})" : "")}. Get it from {Home}. Put it below a data root: {Layout}";
}
