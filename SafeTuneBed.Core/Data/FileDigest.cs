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

/// <summary>SHA-256 of file contents, lower-case hex: the one way in which files are hashed.</summary>
internal static class FileDigest
{
    private static readonly ConcurrentDictionary<FileStamp, string> Known = new();

    /// <summary>Read once per state of a file: for data that many sets share.</summary>
    public static string Of(FileStamp stamp) => Known.TryGetValue(stamp, out string? known) ? known : Known[stamp] = Read(stamp.Path);

    /// <summary>Read now, whatever was known: for files whose damage must be seen.</summary>
    public static string Read(string path)
    {
        using FileStream file = Open(path, FileOptions.SequentialScan);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    /// <summary>Of one file its own; of several the hash of their names and hashes, in their order.</summary>
    public static string Of(IReadOnlyList<FileStamp> stamps) => stamps.Count == 1
        ? Of(stamps[0])
        : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(stamps.Select(s => $"{Of(s)}  {Path.GetFileName(s.Path)}\n")))));

    /// <summary>Equal texts mean: none of the files changed.</summary>
    public static string Key(IReadOnlyList<FileStamp> stamps) =>
        string.Join('\n', stamps.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Path}|{s.Bytes}|{s.Changed.Ticks}")));

    /// <summary>As <see cref="Read"/>, for files whose reading takes a while.</summary>
    public static async Task<string> ReadAsync(string path, CancellationToken cancellationToken)
    {
        await using FileStream file = Open(path, FileOptions.SequentialScan | FileOptions.Asynchronous);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken).ConfigureAwait(false));
    }

    private static FileStream Open(string path, FileOptions options) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1 << 20, options);
}
