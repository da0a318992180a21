namespace SafeTuneBed.Running;

/// <summary>Whether runs can be written where they are to lie.</summary>
internal static class RunFolder
{
    /// <summary>Tries to write a file that vanishes when it is closed into the folder, or into the nearest folder above that is there.</summary>
    /// <returns>Null when it can be written; nothing stays behind.</returns>
    public static ConfigurationException? FindFault(string folder)
    {
        string? place = Path.GetFullPath(folder);
        while (place is not null && !Directory.Exists(place))
        {
            if (File.Exists(place))
            {
                return Fault(folder, $"{place} is a file.");
            }

            place = Path.GetDirectoryName(place);
        }

        if (place is null)
        {
            return Fault(folder, "no folder above it is there.");
        }

        try
        {
            string probe = Path.Combine(place, $".safetunebed-{Guid.NewGuid():N}{DurableFile.Unfinished}");
            using var file = new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Fault(folder, e.Message, e);
        }
    }

    /// <summary>The fault of a folder that can't be written.</summary>
    public static ConfigurationException Fault(string folder, string reason, Exception? cause = null) => new(
        $"Runs can't be written to {folder}: {reason} Make it writable, or name another folder with UseRunFolder (in a configuration: Runs).", cause);
}
