namespace SafeTuneBed.Data;

/// <summary>A file of a source.</summary>
/// <param name="Path">Full path.</param>
/// <param name="Star">What the <c>*</c> of the source's name stands for; "" without one.</param>
internal sealed record ResolvedFile(string Path, string Star);

/// <summary>A source's files on this machine, and how to read them.</summary>
/// <param name="Files">The files, in the order of reading; none for rows in memory.</param>
/// <param name="Form">The source, or the alternative of it, that says how.</param>
internal sealed record ResolvedSource(IReadOnlyList<ResolvedFile> Files, DatasetSource Form)
{
    /// <summary>The file; of several their folder; empty for rows in memory.</summary>
    public string Path => Files.Count switch { 0 => "", 1 => Files[0].Path, _ => System.IO.Path.GetDirectoryName(Files[0].Path)! };

    public DatasetFormat Format => Form.Format;

    public IReadOnlyList<string>? Columns => Form.Columns;

    public IReadOnlyList<ColumnName> Names => Form.Names;

    public IReadOnlyList<FileStamp> Stamps => [.. Files.Select(f => FileStamp.Of(f.Path))];

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
            return new ResolvedSource([], source);
        }

        var places = new List<string>();
        foreach (DatasetSource form in source.Alternatives.Prepend(source))
        {
            foreach (string place in form.Paths.SelectMany(Places))
            {
                if (Find(place) is { Count: > 0 } files)
                {
                    return new ResolvedSource(files, form) { IsAlternative = form != source };
                }

                places.Add(place);
            }
        }

        throw new ConfigurationException(
            $"No file for {owner}. Looked at: {string.Join(", ", places.Distinct(StringComparer.Ordinal))}."
            + (source.Hint is { } hint ? $" {hint.TrimEnd('.')}." : "")
            + " A folder below which such files lie is named with AddDataRoot.");
    }

    private static IReadOnlyList<ResolvedFile> Find(string place)
    {
        string name = Path.GetFileName(place);
        int star = name.IndexOf('*', StringComparison.Ordinal);
        if (star < 0)
        {
            return File.Exists(place) ? [new ResolvedFile(place, "")] : [];
        }

        string folder = Path.GetDirectoryName(place)!, head = name[..star], tail = name[(star + 1)..];
        return Directory.Exists(folder)
            ? [.. Directory.EnumerateFiles(folder)
                .Select(f => Path.GetFileName(f))
                .Where(f => f.Length >= head.Length + tail.Length && f.StartsWith(head, StringComparison.Ordinal) && f.EndsWith(tail, StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
                .Select(f => new ResolvedFile(Path.Combine(folder, f), f[head.Length..^tail.Length]))]
            : [];
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
