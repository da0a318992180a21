namespace SafeTuneBed;

/// <summary>Formats that a source reads. All are UTF-8, with or without byte order mark; a name ending in .gz is unpacked on the way.</summary>
public enum DatasetFormat
{
    /// <summary>One JSON object a line; blank lines are skipped.</summary>
    JsonLines,

    /// <summary>One JSON array of objects.</summary>
    Json,

    /// <summary>RFC 4180, comma.</summary>
    Csv,

    /// <summary>The same with tabs.</summary>
    Tsv,

    /// <summary>Rows given in memory.</summary>
    Memory,
}

/// <summary>A condition on one column, compared as text (<c>true</c> and <c>false</c> for booleans).</summary>
public sealed record RecordFilter(string Column, string Value);

/// <summary>A seeded share of a source: part <paramref name="Index"/> of <paramref name="Of"/>, disjoint by content from the other parts.</summary>
public sealed record SourcePartition(ulong Seed, int Index, int Of);

/// <summary>Where records are: a file and its format. Immutable, comparable, part of fingerprints; opens nothing until read.</summary>
public sealed record DatasetSource
{
    private DatasetSource(DatasetFormat format, IReadOnlyList<string> paths) => (Format, Paths) = (format, paths);

    /// <summary>File format.</summary>
    public DatasetFormat Format { get; }

    /// <summary>The file, and further names under which users keep it. Relative names are looked up below the data roots, then the working folder.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>Column names of a file without a heading.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>Conditions that a record must meet, all of them.</summary>
    public IReadOnlyList<RecordFilter> Filters { get; init; } = [];

    /// <summary>The share of the records that is used; null uses all.</summary>
    public SourcePartition? Partition { get; init; }

    /// <summary>How to get the file, shown when it is missing.</summary>
    public string? Hint { get; init; }

    /// <summary>Rows of a source in memory.</summary>
    internal IReadOnlyList<FinetuneExample>? Rows { get; init; }

    /// <summary>One JSON object a line.</summary>
    public static DatasetSource JsonLines(params IReadOnlyList<string> paths) => new(DatasetFormat.JsonLines, paths);

    /// <summary>One JSON array of objects.</summary>
    public static DatasetSource Json(params IReadOnlyList<string> paths) => new(DatasetFormat.Json, paths);

    /// <summary>Comma-separated, with a heading unless <see cref="Columns"/> are given.</summary>
    public static DatasetSource Csv(params IReadOnlyList<string> paths) => new(DatasetFormat.Csv, paths);

    /// <summary>Tab-separated, with a heading unless <see cref="Columns"/> are given.</summary>
    public static DatasetSource Tsv(params IReadOnlyList<string> paths) => new(DatasetFormat.Tsv, paths);

    /// <summary>Rows in memory; the mapping is then ignored.</summary>
    public static DatasetSource Memory(IReadOnlyList<FinetuneExample> rows) => new(DatasetFormat.Memory, ["(memory)"]) { Rows = rows };

    /// <summary>A file of the embedded sandbox, by its name below <c>data/</c>.</summary>
    internal static DatasetSource Sandbox(string name) => new(DatasetFormat.JsonLines, [SandboxScheme + name]);

    internal const string SandboxScheme = "sandbox:";

    /// <summary>Only records whose column has this value.</summary>
    public DatasetSource Where(string column, string value) => this with { Filters = [.. Filters, new RecordFilter(column, value)] };

    /// <summary>One of <paramref name="of"/> seeded parts, disjoint by record content; their union is the whole.</summary>
    public DatasetSource Part(int index, int of, ulong seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(of, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, of);
        return this with { Partition = new SourcePartition(seed, index, of) };
    }

    /// <summary>Equality by value, lists included.</summary>
    public bool Equals(DatasetSource? other) => other is not null && Format == other.Format && Paths.SequenceEqual(other.Paths)
        && (Columns ?? []).SequenceEqual(other.Columns ?? []) && Filters.SequenceEqual(other.Filters) && Partition == other.Partition
        && ReferenceEquals(Rows, other.Rows);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Format, Paths.Count > 0 ? Paths[0] : "", Partition);
}
