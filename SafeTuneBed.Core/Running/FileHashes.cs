using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using SafeTuneBed.Data;

namespace SafeTuneBed.Running;

/// <summary>
/// A memory of <see cref="FileDigest"/> that outlives the process: hashes of large files are kept in a folder of the user, by path, length and time of the
/// last change, because reading a model of many gigabytes takes longer than planning a grid.
/// </summary>
/// <param name="folder">Where hashes are remembered; null remembers none.</param>
internal sealed class FileHashes(string? folder)
{
    private const long Large = 8L << 20;

    /// <summary>The user's own memory.</summary>
    public static FileHashes ForUser()
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return new FileHashes(home.Length == 0 ? null : Path.Combine(home, "SafeTuneBed", "hashes"));
    }

    /// <summary>Lower-case hex.</summary>
    public async Task<string> OfAsync(string path, CancellationToken cancellationToken)
    {
        var file = new FileInfo(Path.GetFullPath(path));
        string? memory = folder is null || file.Length < Large ? null : Path.Combine(folder, CanonicalJson.Hash(file.FullName)[..32] + ".json");
        string stamp = string.Create(CultureInfo.InvariantCulture, $"{file.Length} {file.LastWriteTimeUtc.Ticks}");
        if (memory is not null && RunStore.ReadRecord(memory) is { } known && Text(known, "path") == file.FullName && Text(known, "stamp") == stamp && Text(known, "sha256") is { Length: 64 } hash)
        {
            return hash;
        }

        hash = await FileDigest.ReadAsync(file.FullName, cancellationToken).ConfigureAwait(false);
        if (memory is not null)
        {
            try
            {
                DurableFile.WriteJson(memory, new JsonObject { ["path"] = file.FullName, ["stamp"] = stamp, ["sha256"] = hash });
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // a memory that can't be written is no memory; the hash is right all the same
            }
        }

        return hash;
    }

    private static string? Text(JsonObject record, string name) => record[name] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;
}
