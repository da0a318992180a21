using System.Globalization;
using System.Text;
using System.Text.Unicode;
using CsvHelper;

namespace SafeTuneBed.Data;

/// <summary>RFC 4180 text. Cells are strings, full stop: <c>None</c>, <c>NA</c> and <c>null</c> are values like any other.</summary>
internal static class DelimitedReader
{
    public static IEnumerable<RawRecord> Read(Stream stream, string file, char separator, IReadOnlyList<string>? columns, IReadOnlyList<IReadOnlyList<string>> headings)
    {
        var options = new CsvReaderOptions
        {
            Separator = separator,
            HasHeader = false,
            Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            MalformedData = CsvMalformedDataHandling.Throw,
            FieldCountMismatch = CsvFieldCountHandling.Allow,
            MaxRecordSize = RecordStream.MaxRecordBytes,
            TrackLineNumbers = true,
            IncludeValuesInExceptions = false,
            FormatProvider = CultureInfo.InvariantCulture,
        };
        using CsvReader reader = CsvReader.Create(stream, options, leaveOpen: true);
        string[]? names = columns is null ? null : CheckNames([.. columns], file, 0);
        bool isFirst = true;
        while (Next(reader, file))
        {
            string[] cells = Cells(reader, file);
            bool mayBeHeading = isFirst && columns is not null;
            isFirst = false;
            if (mayBeHeading && headings.Any(h => h.SequenceEqual(cells)))
            {
                names = CheckNames(cells, file, reader.LineNumber);
                continue;
            }

            if (names is null)
            {
                names = CheckNames(cells, file, reader.LineNumber);
                continue;
            }

            if (cells.Length != names.Length)
            {
                throw new DatasetFormatException(file, reader.LineNumber, null, string.Create(
                    CultureInfo.InvariantCulture, $"the row has {cells.Length} cells, but there are {names.Length} columns: {string.Join(", ", names)}."));
            }

            var fields = new Dictionary<string, string>(names.Length, StringComparer.Ordinal);
            for (int i = 0; i < names.Length; i++)
            {
                fields.Add(names[i], cells[i]);
            }

            yield return new RawRecord(fields, file, reader.LineNumber);
        }
    }

    private static bool Next(CsvReader reader, string file)
    {
        try
        {
            return reader.Read();
        }
        catch (CsvFormatException fault)
        {
            throw new DatasetFormatException(
                file, fault.LineNumber, null, "the row breaks the quoting rules of RFC 4180 (a stray, unclosed or unescaped quote), or is longer than any record may be.", fault);
        }
    }

    private static string[] Cells(CsvReader reader, string file)
    {
        string[] cells = new string[reader.FieldCount];
        for (int i = 0; i < cells.Length; i++)
        {
            if (!Utf8.IsValid(reader.GetSpan(i)))
            {
                throw new DatasetFormatException(file, reader.LineNumber, null, string.Create(CultureInfo.InvariantCulture, $"cell {i + 1} is not valid UTF-8."));
            }

            cells[i] = reader.GetString(i);
        }

        return cells;
    }

    private static string[] CheckNames(string[] names, string file, long line) =>
        names.GroupBy(n => n, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice
            ? throw new DatasetFormatException(file, line, twice.Key, "the column name occurs twice.")
            : names;
}
