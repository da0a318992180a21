using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace SafeTuneBed.Data;

/// <summary>A file as it was at one moment. Equal stamps mean: not changed since.</summary>
internal readonly record struct FileStamp(string Path, long Bytes, DateTime Changed)
{
    public static FileStamp Of(string path)
    {
        var file = new FileInfo(path);
        return new FileStamp(path, file.Length, file.LastWriteTimeUtc);
    }
}

/// <summary>SHA-256 of file contents, computed once per state of a file.</summary>
internal static class FileDigest
{
    private static readonly ConcurrentDictionary<FileStamp, string> Known = new();

    /// <summary>Lower-case hex.</summary>
    public static string Of(FileStamp stamp)
    {
        if (Known.TryGetValue(stamp, out string? known))
        {
            return known;
        }

        using FileStream file = File.OpenRead(stamp.Path);
        return Known[stamp] = Convert.ToHexStringLower(SHA256.HashData(file));
    }

    /// <summary>Of one file its own; of several the hash of their names and hashes, in their order.</summary>
    public static string Of(IReadOnlyList<FileStamp> stamps) => stamps.Count == 1
        ? Of(stamps[0])
        : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(stamps.Select(s => $"{Of(s)}  {Path.GetFileName(s.Path)}\n")))));

    /// <summary>Equal texts mean: none of the files changed.</summary>
    public static string Key(IReadOnlyList<FileStamp> stamps) =>
        string.Join('\n', stamps.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Path}|{s.Bytes}|{s.Changed.Ticks}")));
}
