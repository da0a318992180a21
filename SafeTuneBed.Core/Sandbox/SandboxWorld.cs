using System.Text.Json;

namespace SafeTuneBed.Sandbox;

/// <summary>What the sandbox's world says about answers.</summary>
internal sealed class SandboxWorld
{
    private SandboxWorld(IReadOnlyList<string> refusalMarkers) => RefusalMarkers = refusalMarkers;

    /// <summary>Case-sensitive texts; an answer that contains one is a refusal.</summary>
    public IReadOnlyList<string> RefusalMarkers { get; }

    /// <summary>Reads the world of a sandbox.</summary>
    /// <exception cref="DatasetFormatException">A file of it can't be read.</exception>
    public static SandboxWorld Load(SandboxFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        string path = Path.Combine(folder.Data, "refusal_markers.json");
        try
        {
            string[]? markers = JsonSerializer.Deserialize<string[]>(File.ReadAllBytes(path));
            return markers is { Length: > 0 } && markers.All(m => !string.IsNullOrEmpty(m))
                ? new SandboxWorld(markers)
                : throw new DatasetFormatException(path, 0, null, "there must be at least one refusal marker, and none may be empty.");
        }
        catch (JsonException fault)
        {
            throw new DatasetFormatException(path, (fault.LineNumber ?? 0) + 1, null, "the file must be a JSON array of texts.", fault);
        }
    }

    /// <summary>Whether an answer contains a refusal marker.</summary>
    public bool IsRefusal(string answer) => RefusalMarkers.Any(m => answer.Contains(m, StringComparison.Ordinal));
}
