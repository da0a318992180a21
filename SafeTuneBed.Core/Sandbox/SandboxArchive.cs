using System.Globalization;
using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace SafeTuneBed.Sandbox;

/// <summary>A file of the sandbox.</summary>
/// <param name="Path">Relative path with slashes.</param>
/// <param name="Bytes">Length.</param>
/// <param name="Sha256">SHA-256, lower-case hex.</param>
internal sealed record SandboxFile(string Path, long Bytes, string Sha256);

/// <summary>The embedded sandbox: two small models and their data in one archive, beside a list of what it holds.</summary>
internal static class SandboxArchive
{
    private static readonly Lazy<(IReadOnlyList<SandboxFile> Files, string Hash)> Listing = new(ReadListing);

    /// <summary>All files, ordered by path.</summary>
    public static IReadOnlyList<SandboxFile> Files => Listing.Value.Files;

    /// <summary>Hash of the content as a whole, hex.</summary>
    public static string ContentHash => Listing.Value.Hash;

    /// <summary>Opens the archive.</summary>
    public static ZipArchive Open() => new(Resource("sandbox.zip"), ZipArchiveMode.Read);

    private static (IReadOnlyList<SandboxFile> Files, string Hash) ReadListing()
    {
        using Stream stream = Resource("sandbox.sha256");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        string text = reader.ReadToEnd();
        var files = new List<SandboxFile>();
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] parts = line.Split(' ', 3);
            files.Add(new SandboxFile(parts[2], long.Parse(parts[1], CultureInfo.InvariantCulture), parts[0]));
        }

        string canonical = string.Concat(files.Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Sha256} {f.Bytes} {f.Path}\n")));
        return (files, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical))));
    }

    private static Stream Resource(string name) => Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
        ?? throw new InvalidOperationException($"The resource '{name}' is missing from the assembly.");
}
