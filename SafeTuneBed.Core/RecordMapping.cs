namespace SafeTuneBed;

/// <summary>One raw record of a source: column names and their texts. Booleans are <c>true</c>/<c>false</c>, numbers as written, nested values as JSON.</summary>
public sealed record RawRecord(IReadOnlyDictionary<string, string> Fields, string File, long Line)
{
    /// <summary>The text of a column.</summary>
    /// <exception cref="DatasetFormatException">The record has no such column.</exception>
    public string this[string column] => Fields.TryGetValue(column, out string? value)
        ? value
        : throw new DatasetFormatException(File, Line, column, $"the column is missing; there are: {string.Join(", ", Fields.Keys)}.");
}

/// <summary>
/// How a raw record becomes an example. Immutable and comparable, because it is part of fingerprints: a custom mapping carries an id and a
/// version in place of its code.
/// </summary>
public sealed record RecordMapping
{
    private RecordMapping(string id, int version) => (Id, Version) = (id, version);

    /// <summary>Id of the kind of mapping.</summary>
    public string Id { get; }

    /// <summary>Version of a custom mapping.</summary>
    public int Version { get; }

    /// <summary>Column of the instruction.</summary>
    public string? Instruction { get; init; }

    /// <summary>A constant instruction, in place of a column.</summary>
    public string? InstructionText { get; init; }

    /// <summary>Column of the input.</summary>
    public string? Input { get; init; }

    /// <summary>Column of the output; null for prompts without one.</summary>
    public string? Output { get; init; }

    /// <summary>Label words by index: the output column then holds the index.</summary>
    public IReadOnlyList<string> LabelWords { get; init; } = [];

    /// <summary>Column of the gold label.</summary>
    public string? Label { get; init; }

    /// <summary>Column of the category.</summary>
    public string? Category { get; init; }

    /// <summary>Cleaning of texts. Default none.</summary>
    public TextCleaning Cleaning { get; init; }

    /// <summary>The code of a custom mapping.</summary>
    internal Func<RawRecord, FinetuneExample>? Function { get; init; }

    /// <summary>Plain columns.</summary>
    public static RecordMapping Columns(string instruction, string? input = null, string? output = null, string? category = null) =>
        new("columns", 1) { Instruction = instruction, Input = input, Output = output, Category = category };

    /// <summary>A constant instruction; the record gives input and output, or an index into <paramref name="labelWords"/>.</summary>
    public static RecordMapping Labeled(string instructionText, string input, string label, params IReadOnlyList<string> labelWords) =>
        new("labeled", 1) { InstructionText = instructionText, Input = input, Output = label, LabelWords = labelWords };

    /// <summary>Own code. Raise <paramref name="version"/> whenever its results change: it stands for the code in fingerprints.</summary>
    public static RecordMapping Custom(string id, int version, Func<RawRecord, FinetuneExample> map)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(id);
        ArgumentNullException.ThrowIfNull(map);
        return new(id, version) { Function = map };
    }

    /// <summary>Equality by value; a custom mapping by id and version.</summary>
    public bool Equals(RecordMapping? other) => other is not null && Id == other.Id && Version == other.Version && Instruction == other.Instruction
        && InstructionText == other.InstructionText && Input == other.Input && Output == other.Output && Label == other.Label && Category == other.Category
        && Cleaning == other.Cleaning && LabelWords.SequenceEqual(other.LabelWords);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Id, Version, Instruction, Input, Output);
}
