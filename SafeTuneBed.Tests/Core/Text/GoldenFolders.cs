using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary>Finds fixture folders by the files in them, below <c>SAFETUNEBED_GOLDEN</c> or else the repository's own.</summary>
internal static class GoldenFolders
{
    public static string Root { get; } = Environment.GetEnvironmentVariable("SAFETUNEBED_GOLDEN") is { Length: > 0 } folder
        ? Path.GetFullPath(folder)
        : Path.Combine(SharedFolder.Root, "SafeTuneBed.Tests", "Parity", "golden");

    /// <summary>Folders, relative to the root, that hold all of the files.</summary>
    public static IEnumerable<string> With(params string[] files) => !Directory.Exists(Root)
        ? []
        : Directory.EnumerateFiles(Root, files[0], SearchOption.AllDirectories)
            .Select(f => Path.GetDirectoryName(f)!)
            .Where(d => files.All(f => File.Exists(Path.Combine(d, f))))
            .Select(d => Path.GetRelativePath(Root, d))
            .Order(StringComparer.Ordinal);
}
