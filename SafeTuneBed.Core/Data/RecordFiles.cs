using System.Globalization;

namespace SafeTuneBed.Data;

/// <summary>The records of all files of a source, one file after the other.</summary>
internal static class RecordFiles
{
    /// <summary>Reads the files in their order, with the column made of the file's name where the source asks for one.</summary>
    /// <exception cref="DatasetFormatException">A file is damaged, or its columns differ from those of the first.</exception>
    public static IEnumerable<RawRecord> Read(ResolvedSource source, CancellationToken cancellationToken)
    {
        string? columns = null, first = null;
        foreach (ResolvedFile file in source.Files)
        {
            bool isFirstRecord = true;
            foreach (RawRecord record in RecordStream.Read(file.Path, source.Format, source.Columns, source.Form.Headings, cancellationToken))
            {
                if (isFirstRecord && HasColumns(source.Format))
                {
                    isFirstRecord = false;
                    string here = string.Join(", ", record.Fields.Keys);
                    if ((columns ??= here) != here)
                    {
                        throw new DatasetFormatException(
                            file.Path, record.Line, null, $"the columns are {here}, but {Path.GetFileName(first)} has {columns}. All files of a folder must be of one kind.");
                    }

                    first ??= file.Path;
                }

                yield return source.Form.FileColumn is { } column ? WithFile(record, column, file.Star) : record;
            }
        }
    }

    /// <summary>Gives columns their other names.</summary>
    /// <exception cref="DatasetFormatException">Two columns then have one name.</exception>
    public static RawRecord Rename(RawRecord record, IReadOnlyList<ColumnName> names)
    {
        if (names.Count == 0)
        {
            return record;
        }

        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string column, string value) in record.Fields)
        {
            string name = names.FirstOrDefault(n => n.Column == column)?.Name ?? column;
            if (!fields.TryAdd(name, value))
            {
                throw new DatasetFormatException(record.File, record.Line, name, "two columns have this name after renaming.");
            }
        }

        return record with { Fields = fields };
    }

    /// <summary>What a manifest calls the files: no machine's path.</summary>
    public static string NameOf(ResolvedSource source) => source.Files.Count == 1
        ? Path.GetFileName(source.Files[0].Path)
        : string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(source.Files[0].Path)} and {source.Files.Count - 1} more");

    private static bool HasColumns(DatasetFormat format) => format is DatasetFormat.Csv or DatasetFormat.Tsv or DatasetFormat.Parquet;

    private static RawRecord WithFile(RawRecord record, string column, string star) => record.Fields.ContainsKey(column)
        ? throw new DatasetFormatException(record.File, record.Line, column, "the file has a column of the name that the file's own name is to get.")
        : record with { Fields = new Dictionary<string, string>(record.Fields, StringComparer.Ordinal) { [column] = star } };
}
