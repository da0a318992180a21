namespace SafeTuneBed;

/// <summary>Licence of a corpus, repeated in each run's record.</summary>
/// <param name="Id">SPDX-like id, such as <c>CC-BY-NC-4.0</c>.</param>
/// <param name="RequiresConsent">Whether <c>AcceptLicenses</c> must name the corpus first.</param>
public sealed record DataLicense(string Id, bool RequiresConsent = false)
{
    /// <summary>The name that <c>AcceptLicenses</c> must give; null is the name of the corpus or task that carries the licence.</summary>
    public string? Consent { get; init; }

    /// <summary>Commercial use is not allowed.</summary>
    public bool IsNonCommercial { get; init; }

    /// <summary>Changed copies may not be passed on.</summary>
    public bool IsNoDerivatives { get; init; }

    /// <summary>The publisher gives the files out on request only.</summary>
    public bool IsGated { get; init; }

    /// <summary>The flags as words, for records and tables.</summary>
    public IReadOnlyList<string> Flags =>
    [
        .. IsNonCommercial ? ["non-commercial"] : Array.Empty<string>(),
        .. IsNoDerivatives ? ["no-derivatives"] : Array.Empty<string>(),
        .. IsGated ? ["gated"] : Array.Empty<string>(),
        .. RequiresConsent ? ["consent"] : Array.Empty<string>(),
    ];

    internal static DataLicense Mit { get; } = new("MIT");

    internal static DataLicense Apache { get; } = new("Apache-2.0");

    internal static DataLicense CcBy { get; } = new("CC-BY-4.0");

    internal static DataLicense CcByNc { get; } = new("CC-BY-NC-4.0", RequiresConsent: true) { IsNonCommercial = true };
}
