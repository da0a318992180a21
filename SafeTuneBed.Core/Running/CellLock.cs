using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace SafeTuneBed.Running;

/// <summary>
/// The right to write one run folder, so that processes can share a grid. The operating system holds the lock and gives it back when a process dies; the file
/// says whose it is, for people, and for file systems that honour no locks.
/// </summary>
internal sealed class CellLock : IDisposable
{
    private static readonly ConcurrentDictionary<string, bool> Held = new(StringComparer.Ordinal);
    private readonly string path;
    private FileStream? file;

    private CellLock(string path, FileStream file) => (this.path, this.file) = (path, file);

    /// <summary>Takes the lock, or returns null when another run has it.</summary>
    public static CellLock? TryTake(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (!Held.TryAdd(path, true))
        {
            return null;
        }

        FileStream? file = null;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            if (!IsOwnedByOther(file))
            {
                using Process self = Process.GetCurrentProcess();
                file.SetLength(0);
                file.Write(Encoding.UTF8.GetBytes(Describe(self)));
                file.Flush(flushToDisk: false);
                return new CellLock(path, file);
            }
        }
        catch (IOException) when (file is null)
        {
            // shared with a living process
        }

        file?.Dispose();
        Held.TryRemove(path, out _);
        return null;
    }

    /// <summary>Gives it back; the empty file stays, because deleting it could pull it from under the next holder.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref file, null) is { } open)
        {
            open.SetLength(0);
            open.Dispose();
            Held.TryRemove(path, out _);
        }
    }

    /// <summary>Machine, process id and start time: enough to know a living owner from a dead one whose id was given out again.</summary>
    internal static string Describe(Process process) =>
        string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName} {process.Id} {new DateTimeOffset(process.StartTime).ToUnixTimeSeconds()}");

    private static bool IsOwnedByOther(FileStream file)
    {
        byte[] content = new byte[Math.Min(file.Length, 1024)];
        file.ReadExactly(content);
        string[] parts = Encoding.UTF8.GetString(content).Split(' ');
        if (parts.Length != 3 || parts[0] != Environment.MachineName
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int id)
            || id == Environment.ProcessId)
        {
            return false;
        }

        try
        {
            using Process owner = Process.GetProcessById(id);
            return Describe(owner) == string.Join(' ', parts);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false; // dead: its lock is free
        }
    }
}
