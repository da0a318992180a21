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

    /// <summary>Bare JSON objects one after the other, without an array around them: not JSON, but found in the wild.</summary>
    JsonConcatenated,

    /// <summary>Apache Parquet, read row group by row group. Lists and structs become JSON.</summary>
    Parquet,
}

/// <summary>A condition on one column, compared as text (<c>true</c> and <c>false</c> for booleans).</summary>
public sealed record RecordFilter(string Column, string Value)
{
    /// <summary>Whether the column must differ from the value. A record without the column then meets the condition.</summary>
    public bool IsNegated { get; init; }

    /// <summary>Whether records may lack the column; they then do not have the value. Otherwise a missing column is an error.</summary>
    public bool IsOptional { get; init; }

    internal bool IsMetBy(RawRecord record) => IsNegated || IsOptional
        ? (record.Fields.TryGetValue(Column, out string? value) && value == Value) != IsNegated
        : record[Column] == Value;
}

/// <summary>
/// A seeded share of a source: part <paramref name="Index"/> of <paramref name="Of"/>. Which part a record belongs to follows from its prompt
/// (case and white space aside) and the seed alone, not from the file: equal records, and answers to one prompt, are always in one part.
/// </summary>
public sealed record SourcePartition(ulong Seed, int Index, int Of);

/// <summary>Where records are: a file and its format. Immutable, comparable, part of fingerprints; opens nothing until read.</summary>
public sealed record DatasetSource
{
    private DatasetSource(DatasetFormat format, IReadOnlyList<string> paths) => (Format, Paths) = (format, paths);

    /// <summary>File format.</summary>
    public DatasetFormat Format { get; }

    /// <summary>
    /// The file, and further names under which users keep it. Relative names are looked up below the data roots, then the working folder.
    /// A <c>*</c> in a file's name stands for any text: all such files of the folder are read as one, in the order of their names.
    /// </summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>Column names of a file without a heading.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>Headings that a file with declared <see cref="Columns"/> may have all the same; the heading's names then count.</summary>
    internal IReadOnlyList<IReadOnlyList<string>> Headings { get; init; } = [];

    /// <summary>A column made of what the <c>*</c> of the file's name stands for; null makes none.</summary>
    public string? FileColumn { get; init; }

    /// <summary>Columns that get another name on reading, before filters and mapping see them.</summary>
    public IReadOnlyList<ColumnName> Names { get; init; } = [];

    /// <summary>The same records in other formats, tried in order when none of <see cref="Paths"/> is there.</summary>
    public IReadOnlyList<DatasetSource> Alternatives { get; private init; } = [];

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

    /// <summary>Bare JSON objects one after the other. Such files are refused by <see cref="Json"/>.</summary>
    public static DatasetSource JsonConcatenated(params IReadOnlyList<string> paths) => new(DatasetFormat.JsonConcatenated, paths);

    /// <summary>Comma-separated, with a heading unless <see cref="Columns"/> are given.</summary>
    public static DatasetSource Csv(params IReadOnlyList<string> paths) => new(DatasetFormat.Csv, paths);

    /// <summary>Tab-separated, with a heading unless <see cref="Columns"/> are given.</summary>
    public static DatasetSource Tsv(params IReadOnlyList<string> paths) => new(DatasetFormat.Tsv, paths);

    /// <summary>Apache Parquet.</summary>
    public static DatasetSource Parquet(params IReadOnlyList<string> paths) => new(DatasetFormat.Parquet, paths);

    /// <summary>Rows in memory; the mapping is then ignored.</summary>
    public static DatasetSource Memory(IReadOnlyList<FinetuneExample> rows) => new(DatasetFormat.Memory, ["(memory)"]) { Rows = rows };

    /// <summary>A file of the embedded sandbox, by its name below <c>data/</c>.</summary>
    internal static DatasetSource Sandbox(string name) => new(DatasetFormat.JsonLines, [SandboxScheme + name]);

    internal const string SandboxScheme = "sandbox:";

    /// <summary>The same records in another format, read when this one's files are missing. Filters, part and hint stay those of this source.</summary>
    /// <exception cref="ArgumentException"><paramref name="other"/> has filters or a part of its own.</exception>
    public DatasetSource Or(DatasetSource other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Filters.Count > 0 || other.Partition is not null || other.Alternatives.Count > 0)
        {
            throw new ArgumentException("Give filters and the part to the source that comes out of Or, not to the alternative.", nameof(other));
        }

        return this with { Alternatives = [.. Alternatives, other] };
    }

    /// <summary>Gives a column another name on reading.</summary>
    public DatasetSource Rename(string column, string name) => this with { Names = [.. Names, new ColumnName(column, name)] };

    /// <summary>Only records whose column has this value.</summary>
    public DatasetSource Where(string column, string value) => this with { Filters = [.. Filters, new RecordFilter(column, value)] };

    /// <summary>Only records whose column has another value, or that have no such column.</summary>
    public DatasetSource WhereNot(string column, string value) => this with { Filters = [.. Filters, new RecordFilter(column, value) { IsNegated = true }] };

    /// <summary>One of <paramref name="of"/> seeded parts of about equal size, disjoint by record content; their union is the whole.</summary>
    public DatasetSource Part(int index, int of, ulong seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(of, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, of);
        return this with { Partition = new SourcePartition(seed, index, of) };
    }

    /// <summary>Equality by value, lists included.</summary>
    public bool Equals(DatasetSource? other) => other is not null && Format == other.Format && Paths.SequenceEqual(other.Paths)
        && (Columns ?? []).SequenceEqual(other.Columns ?? []) && FileColumn == other.FileColumn && Headings.Count == other.Headings.Count
        && Headings.Zip(other.Headings).All(h => h.First.SequenceEqual(h.Second)) && Names.SequenceEqual(other.Names) && Alternatives.SequenceEqual(other.Alternatives)
        && Filters.SequenceEqual(other.Filters) && Partition == other.Partition && ReferenceEquals(Rows, other.Rows);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Format, Paths.Count > 0 ? Paths[0] : "", Partition);
}

/// <summary>Another name for a column.</summary>
/// <param name="Column">The name in the file.</param>
/// <param name="Name">The name that filters and mappings use.</param>
public sealed record ColumnName(string Column, string Name);
