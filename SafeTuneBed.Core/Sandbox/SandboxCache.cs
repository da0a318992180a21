using System.IO.Compression;
using SafeTuneBed.Data;

namespace SafeTuneBed.Sandbox;

/// <summary>
/// Unpacks the embedded sandbox once per user. Extraction goes beside the final place and is renamed, so that nothing half-written is ever read
/// and several processes may do it at once; what is found there is verified before use and mended when it was damaged.
/// </summary>
/// <param name="roots">Folders to try in order; the next is tried where one can't be written.</param>
internal sealed class SandboxCache(params IReadOnlyList<string> roots)
{
    /// <summary>The user's application data, then a temporary folder.</summary>
    public static SandboxCache ForUser()
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        string temporary = Path.Combine(Path.GetTempPath(), $"SafeTuneBed-{Environment.UserName}");
        return home.Length > 0 ? new SandboxCache(Path.Combine(home, "SafeTuneBed"), temporary) : new SandboxCache(temporary);
    }

    /// <summary>The folder with all files, verified.</summary>
    /// <exception cref="ConfigurationException">No folder could be written.</exception>
    public string GetFolder()
    {
        var faults = new List<string>();
        foreach (string root in roots)
        {
            string folder = Path.Combine(root, $"sandbox-{SandboxArchive.ContentHash[..16]}");
            try
            {
                if (Damaged(folder).Count > 0)
                {
                    Extract(root, folder);
                }

                return folder;
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or NotSupportedException)
            {
                faults.Add($"{root}: {fault.Message}");
            }
        }

        throw new ConfigurationException(
            $"The sandbox can't be unpacked. {string.Join(" ", faults)} Free some space, make one of these folders writable, or name an unpacked sandbox with UseSandbox.");
    }

    private static void Extract(string root, string folder)
    {
        string beside = Path.Combine(root, $".sandbox-{Guid.NewGuid():N}");
        try
        {
            using (ZipArchive archive = SandboxArchive.Open())
            {
                foreach (SandboxFile file in SandboxArchive.Files)
                {
                    string target = FilePath(beside, file);
                    Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                    ZipArchiveEntry entry = archive.GetEntry(file.Path) ?? throw new InvalidOperationException($"The embedded sandbox lacks {file.Path}.");
                    using Stream from = entry.Open();
                    using FileStream to = File.Create(target);
                    from.CopyTo(to);
                }
            }

            if (Damaged(beside) is { Count: > 0 } bad)
            {
                throw new IOException($"{bad[0].Path} was not written whole.");
            }

            if (!TryMove(beside, folder))
            {
                Mend(beside, folder);
            }
        }
        finally
        {
            Delete(beside);
        }
    }

    private static bool TryMove(string beside, string folder)
    {
        try
        {
            Directory.Move(beside, folder);
            return true;
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            // another process was faster, or an earlier copy lost a file
            return false;
        }
    }

    /// <summary>Replaces damaged files one by one; each is renamed whole, so a reader sees the old or the new file.</summary>
    private static void Mend(string beside, string folder)
    {
        foreach (SandboxFile file in Damaged(folder))
        {
            string target = FilePath(folder, file);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Move(FilePath(beside, file), target, overwrite: true);
        }

        if (Damaged(folder) is { Count: > 0 } bad)
        {
            throw new IOException($"{bad[0].Path} in {folder} is damaged and can't be replaced.");
        }
    }

    private static List<SandboxFile> Damaged(string folder) => [.. SandboxArchive.Files.Where(f => !IsWhole(FilePath(folder, f), f))];

    private static bool IsWhole(string path, SandboxFile file)
    {
        var info = new FileInfo(path);
        return info.Exists && info.Length == file.Bytes && FileDigest.Read(path) == file.Sha256;
    }

    private static string FilePath(string folder, SandboxFile file) => Path.Combine(folder, file.Path.Replace('/', Path.DirectorySeparatorChar));

    private static void Delete(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // a leftover is harmless: nothing ever reads it
        }
    }
}
