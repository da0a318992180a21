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
    private const int Attempts = 10;
    private static readonly ConcurrentDictionary<string, bool> Held = new(StringComparer.Ordinal);
    private readonly string path;
    private FileStream? file;

    private CellLock(string path, FileStream file) => (this.path, this.file) = (path, file);

    /// <summary>Takes the lock, or returns null when another run has it.</summary>
    /// <exception cref="ConfigurationException">The folder can't be written.</exception>
    public static CellLock? TryTake(string path)
    {
        if (!Held.TryAdd(path, true))
        {
            return null;
        }

        FileStream? file = null;
        try
        {
            for (int attempt = 0; attempt < Attempts; attempt++)
            {
                file = Open(path);
                if (file is null || IsOwnedByOther(file))
                {
                    break;
                }

                if (IsStillThere(file, path))
                {
                    using Process self = Process.GetCurrentProcess();
                    file.SetLength(0);
                    file.Write(Encoding.UTF8.GetBytes(Describe(self)));
                    file.Flush(flushToDisk: false);
                    return new CellLock(path, file);
                }

                file.Dispose(); // its last holder removed it between our opening and our locking
            }
        }
        catch (Exception e) when (e is UnauthorizedAccessException or DirectoryNotFoundException)
        {
            Held.TryRemove(path, out _);
            throw RunFolder.Fault(Path.GetDirectoryName(path)!, e.Message, e);
        }
        catch
        {
            file?.Dispose();
            Held.TryRemove(path, out _);
            throw;
        }

        file?.Dispose();
        Held.TryRemove(path, out _);
        return null;
    }

    /// <summary>Gives it back, and removes the file where that can't pull it from under the next holder; elsewhere an empty file stays.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref file, null) is not { } open)
        {
            return;
        }

        open.SetLength(0);
        if (OperatingSystem.IsLinux() && NameOf(open) is not null)
        {
            TryDelete(path); // before the lock is given back: whoever has opened it meanwhile sees that it is gone
            open.Dispose();
        }
        else
        {
            open.Dispose();
            if (OperatingSystem.IsWindows())
            {
                TryDelete(path); // fails when the next holder has it open
            }
        }

        Held.TryRemove(path, out _);
        if (Path.GetDirectoryName(path) is { } folder && Path.GetFileName(folder) == RunStore.LockFolder)
        {
            DurableFile.RemoveEmpty(folder, Path.GetDirectoryName(folder)!);
        }
    }

    /// <summary>Machine, process id and start time: enough to know a living owner from a dead one whose id was given out again.</summary>
    internal static string Describe(Process process) =>
        string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName} {process.Id} {new DateTimeOffset(process.StartTime).ToUnixTimeSeconds()}");

    // Null when a living process has it.
    private static FileStream? Open(string path)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (DirectoryNotFoundException) when (attempt < Attempts)
            {
                // the last holder of another lock removed the empty folder
            }
            catch (IOException e) when (e is not DirectoryNotFoundException)
            {
                if (File.Exists(path))
                {
                    return null;
                }

                if (attempt >= Attempts) // once or twice it is a holder that has just removed its file; always, something lies in the way
                {
                    throw new UnauthorizedAccessException(e.Message, e);
                }
            }
        }
    }

    private static bool IsStillThere(FileStream file, string path) => !OperatingSystem.IsLinux() || NameOf(file) is not { } name || name == Path.GetFileName(path);

    // The kernel tells under which name an open file lies now; a removed one's ends in " (deleted)". Null where it does not tell.
    private static string? NameOf(FileStream file)
    {
        try
        {
            string link = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{file.SafeFileHandle.DangerousGetHandle()}");
            return new FileInfo(link).LinkTarget is { } target ? Path.GetFileName(target) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // an empty file stays
        }
    }

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
