using System.Text;

namespace SafeTuneBed.Running;

/// <summary>
/// A file of JSON lines that only grows: lines are handed to the operating system as they come and forced to the disk every 50 lines or 5 seconds. Each ends in a
/// checksum, so that a torn or damaged one counts as absent. Not thread-safe.
/// </summary>
internal sealed class SealedLines(string path, TimeProvider time) : IDisposable
{
    private const int LinesPerSync = 50;
    private static readonly TimeSpan TimePerSync = TimeSpan.FromSeconds(5);

    private FileStream? file;
    private int unsynced;
    private long lastSync;

    /// <summary>Appends sealed lines at once.</summary>
    public void Append(params IReadOnlyList<string> lines)
    {
        if (file is null)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
            lastSync = time.GetTimestamp();
        }

        file.Write(Encoding.UTF8.GetBytes(string.Concat(lines.Select(l => l + "\n"))));
        unsynced += lines.Count;
        if (unsynced >= LinesPerSync || time.GetElapsedTime(lastSync) >= TimePerSync)
        {
            file.Flush(flushToDisk: true);
            (unsynced, lastSync) = (0, time.GetTimestamp());
        }
    }

    /// <summary>A JSON object with its checksum as last member.</summary>
    public static string Seal(string body) => $"{body[..^1]},\"sum\":\"{CanonicalJson.Hash(body)[..16]}\"}}";

    /// <summary>Hands over the body of each whole line with the line itself, in order.</summary>
    /// <param name="path">The file; absent counts as empty.</param>
    /// <param name="take">False where the body can't be read.</param>
    /// <returns>True when every line was whole.</returns>
    public static bool Read(string path, Func<string, string, bool> take)
    {
        const int tail = 26; // ,"sum":"0123456789abcdef"}
        bool whole = true;
        string text = File.Exists(path) ? File.ReadAllText(path) : "";
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string body = line.Length > tail ? line[..^tail] + "}" : "";
            if (body.Length == 0 || line != Seal(body) || !take(body, line))
            {
                whole = false;
            }
        }

        return whole && (text.Length == 0 || text[^1] == '\n');
    }

    /// <summary>Forces everything to the disk and closes the file.</summary>
    public void Dispose()
    {
        file?.Flush(flushToDisk: true);
        file?.Dispose();
        file = null;
    }
}
