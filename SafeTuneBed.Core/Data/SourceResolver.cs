namespace SafeTuneBed.Data;

/// <summary>A source's file on this machine, and how to read it.</summary>
/// <param name="Path">Full path; empty for rows in memory.</param>
/// <param name="Format">Format of that file.</param>
/// <param name="Columns">Declared columns.</param>
/// <param name="Names">Renamed columns.</param>
internal sealed record ResolvedSource(string Path, DatasetFormat Format, IReadOnlyList<string>? Columns, IReadOnlyList<ColumnName> Names)
{
    /// <summary>Whether the file was found under an alternative's names, because none of the source's own is there.</summary>
    public bool IsAlternative { get; init; }
}

/// <summary>Finds the files of sources.</summary>
/// <param name="dataRoots">Folders below which relative names are looked up, before the working folder.</param>
/// <param name="sandboxData">The sandbox's data folder; called only when a source needs it.</param>
internal sealed class SourceResolver(IReadOnlyList<string> dataRoots, Func<string> sandboxData)
{
    /// <summary>The first of the source's files that is there.</summary>
    /// <param name="source">The source.</param>
    /// <param name="owner">What the file is for, such as "the data set 'sst2-high'".</param>
    /// <exception cref="ConfigurationException">None is there; the message names each place looked at and how to get the file.</exception>
    public ResolvedSource Resolve(DatasetSource source, string owner)
    {
        if (source.Format == DatasetFormat.Memory)
        {
            return new ResolvedSource("", DatasetFormat.Memory, null, []);
        }

        var places = new List<string>();
        foreach (DatasetSource form in source.Alternatives.Prepend(source))
        {
            foreach (string place in form.Paths.SelectMany(Places))
            {
                if (File.Exists(place))
                {
                    return new ResolvedSource(place, form.Format, form.Columns, form.Names) { IsAlternative = form != source };
                }

                places.Add(place);
            }
        }

        throw new ConfigurationException(
            $"No file for {owner}. Looked at: {string.Join(", ", places.Distinct(StringComparer.Ordinal))}."
            + (source.Hint is { } hint ? $" {hint.TrimEnd('.')}." : "")
            + " A folder below which such files lie is named with AddDataRoot.");
    }

    private IEnumerable<string> Places(string path)
    {
        if (path.StartsWith(DatasetSource.SandboxScheme, StringComparison.Ordinal))
        {
            return [Path.Combine(sandboxData(), path[DatasetSource.SandboxScheme.Length..].Replace('/', Path.DirectorySeparatorChar))];
        }

        return Path.IsPathRooted(path)
            ? [path]
            : dataRoots.Append(Directory.GetCurrentDirectory()).Select(root => Path.GetFullPath(path, Path.GetFullPath(root)));
    }
}
