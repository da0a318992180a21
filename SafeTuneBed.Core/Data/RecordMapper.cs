using System.Globalization;

namespace SafeTuneBed.Data;

/// <summary>Applies a mapping to a record.</summary>
internal static class RecordMapper
{
    /// <summary>Longest value that an error quotes: longer ones are texts, perhaps harmful ones.</summary>
    private const int LongestQuotedValue = 12;

    /// <summary>The example of a record; strings are kept to the byte.</summary>
    /// <param name="record">The record, with its columns already renamed.</param>
    /// <param name="mapping">How to read it.</param>
    /// <param name="keepFields">Whether columns that the mapping does not use stay on the example.</param>
    /// <exception cref="DatasetFormatException">A column is missing, a label index is no index, or a custom mapping failed.</exception>
    public static FinetuneExample Map(RawRecord record, RecordMapping mapping, bool keepFields)
    {
        if (mapping.Cleaning == TextCleaning.None)
        {
            return MapAsItIs(record, mapping, keepFields);
        }

        FinetuneExample example = MapAsItIs(TextCleaner.Clean(record, mapping.Cleaning), mapping, keepFields);
        return example with { Output = TextCleaner.CleanAnswer(example.Output, mapping.Cleaning) };
    }

    private static FinetuneExample MapAsItIs(RawRecord record, RecordMapping mapping, bool keepFields)
    {
        if (mapping.Function is { } custom)
        {
            return MapCustom(record, mapping, custom);
        }

        string output = mapping.Output is { } column ? record[column] : "";
        string? word = null;
        if (mapping.LabelWords.Count > 0 && mapping.Output is { } labelColumn)
        {
            output = word = LabelWord(record, labelColumn, mapping.LabelWords);
        }

        return new FinetuneExample
        {
            Instruction = mapping.InstructionText ?? record[mapping.Instruction!],
            Input = mapping.Input is { } input ? record[input] : "",
            Output = output,
            Label = mapping.Label is { } label ? record[label] : word,
            Category = mapping.Category is { } category ? record[category] : null,
            Fields = keepFields ? OtherFields(record, mapping) : FinetuneExampleFields.None,
        };
    }

    private static FinetuneExample MapCustom(RawRecord record, RecordMapping mapping, Func<RawRecord, FinetuneExample> custom)
    {
        try
        {
            return custom(record) ?? throw new DatasetFormatException(record.File, record.Line, null, $"the custom mapping '{mapping.Id}' gave no example.");
        }
        catch (Exception fault) when (fault is not (SafeTuneBedException or OutOfMemoryException))
        {
            throw new DatasetFormatException(record.File, record.Line, null, $"the custom mapping '{mapping.Id}' failed with {fault.GetType().Name}.", fault);
        }
    }

    /// <summary>The word of a label, written as its index or, exactly, as the word itself.</summary>
    /// <exception cref="DatasetFormatException">It is neither.</exception>
    public static string LabelWord(RawRecord record, string column, IReadOnlyList<string> words)
    {
        string value = record[column];
        return value.Length > 0 && words.Contains(value, StringComparer.Ordinal) ? value : int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < words.Count
            ? words[index]
            : throw new DatasetFormatException(record.File, record.Line, column, string.Create(
                CultureInfo.InvariantCulture,
                $"the label must be one of its words or an index from 0 to {words.Count - 1} ({string.Join(", ", words)}){(value.Length <= LongestQuotedValue ? $"; it is '{value}'" : "")}."));
    }

    private static IReadOnlyDictionary<string, string> OtherFields(RawRecord record, RecordMapping mapping)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string name, string value) in record.Fields)
        {
            if (name != mapping.Instruction && name != mapping.Input && name != mapping.Output)
            {
                fields.Add(name, value);
            }
        }

        return fields;
    }

    private static class FinetuneExampleFields
    {
        public static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>();
    }
}
