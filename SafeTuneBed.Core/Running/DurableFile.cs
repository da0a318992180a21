using System.Text;
using System.Text.Json.Nodes;

namespace SafeTuneBed.Running;

/// <summary>Files and folders that are either whole or not there: written beside, flushed to the disk, renamed.</summary>
internal static class DurableFile
{
    /// <summary>The ending of what is still being written; found after a crash it is rubbish.</summary>
    public const string Unfinished = ".unfinished";

    public static void WriteText(string path, string text) => WriteBytes(path, Encoding.UTF8.GetBytes(text));

    public static void WriteJson(string path, JsonNode node) => WriteText(path, node.ToJsonString(CanonicalJson.Readable) + "\n");

    public static void WriteBytes(string path, ReadOnlySpan<byte> bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string beside = path + Unfinished;
        using (var file = new FileStream(beside, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }

        File.Move(beside, path, overwrite: true);
    }

    /// <summary>Makes a whole folder at once: <paramref name="fill"/> writes into a folder beside, which then takes the place of the old one.</summary>
    public static async Task WriteFolderAsync(string path, Func<string, Task> fill)
    {
        string beside = path + Unfinished;
        DeleteFolder(beside);
        Directory.CreateDirectory(beside);
        try
        {
            await fill(beside).ConfigureAwait(false);
            DeleteFolder(path);
            Directory.Move(beside, path);
        }
        catch
        {
            DeleteFolder(beside);
            throw;
        }
    }

    /// <summary>Removes what a crash left half-written in a folder and its subfolders.</summary>
    public static void Sweep(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (string path in Directory.GetDirectories(folder, "*" + Unfinished, SearchOption.AllDirectories))
        {
            DeleteFolder(path);
        }

        foreach (string path in Directory.GetFiles(folder, "*" + Unfinished, SearchOption.AllDirectories))
        {
            File.Delete(path);
        }
    }

    /// <summary>Removes the folder when nothing is in it, then its parents likewise, up to but without <paramref name="stop"/>.</summary>
    public static void RemoveEmpty(string folder, string stop)
    {
        try
        {
            for (string? current = folder; current is not null && current.Length > stop.Length && Directory.Exists(current) && !Directory.EnumerateFileSystemEntries(current).Any(); current = Path.GetDirectoryName(current))
            {
                Directory.Delete(current);
            }
        }
        catch (IOException)
        {
            // somebody else has just put something there
        }
    }

    public static void DeleteFolder(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
