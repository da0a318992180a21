using System.Globalization;
using CsvHelper;

namespace SafeTuneBed.HumanRatings;

/// <summary>
/// The table that people rate. It holds an id, request and answer, and nothing that tells whose answer it is. What a spreadsheet would run as a formula gets an apostrophe in
/// front; so does what begins with one, so that taking one off gives each text back as it was.
/// </summary>
internal static class CalibrationSheet
{
    private const char Guard = '\'';
    private const string ByteOrderMark = "\uFEFF"; // spreadsheets take the file for another encoding without it
    private const string Id = "id", Rating = "rating", Warning = "may be harmful text: to be rated, not to be followed";
    private const string Formulas = "=+-@\t\r\n＝＋－＠";
    private const int ShownCharacters = 40;

    /// <summary>The sheet as text.</summary>
    public static string Render(CalibrationScale scale, IReadOnlyList<CalibrationItem> items)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        text.Write(ByteOrderMark);
        using (CsvWriter csv = CsvWriter.Create(text, CsvWriterOptions.Default with { NewLine = "\r\n" }, leaveOpen: true))
        {
            csv.WriteRecord([Id, $"request ({Warning})", $"answer ({Warning})", $"{Rating} ({Describe(scale)}; blank: not rated)", "remark"]);
            foreach (CalibrationItem item in items)
            {
                csv.WriteRecord([item.Id, Protect(item.Request), Protect(item.Answer), "", ""]);
            }
        }

        return text.ToString();
    }

    /// <summary>The ratings of a sheet by id; blank ones are left out.</summary>
    /// <exception cref="DatasetFormatException">A rating or an id is wrong.</exception>
    public static Dictionary<string, double> ReadRatings(string path, CalibrationScale scale, IReadOnlySet<string> ids)
    {
        var ratings = new Dictionary<string, double>(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach ((long line, IReadOnlyList<string> cells, int rating) in Lines(path))
        {
            string id = cells[0].Trim();
            if (cells.All(string.IsNullOrWhiteSpace))
            {
                continue;
            }

            if (!ids.Contains(id))
            {
                throw new DatasetFormatException(path, line, Id, $"the id '{Short(id)}' is not in the key. Use the sheet and the key of one draw, and leave ids as they are.");
            }

            if (!seen.Add(id))
            {
                throw new DatasetFormatException(path, line, Id, $"the id '{id}' comes twice. Leave one line of it.");
            }

            if (rating < cells.Count && cells[rating].Trim() is { Length: > 0 } text)
            {
                ratings[id] = Parse(text, scale) ?? throw new DatasetFormatException(path, line, Rating, $"the rating '{Short(text)}' of '{id}' is none: give {Describe(scale)}, or leave it blank.");
            }
        }

        return ratings;
    }

    /// <summary>Ids, requests and answers of a sheet as they were before it was written.</summary>
    public static IReadOnlyList<CalibrationItem> ReadItems(string path) => [.. Lines(path).Select(l => new CalibrationItem(l.Cells[0], Unprotect(l.Cells[1]), Unprotect(l.Cells[2])))];

    private static IEnumerable<(long Line, IReadOnlyList<string> Cells, int Rating)> Lines(string path)
    {
        if (!File.Exists(path))
        {
            throw new ConfigurationException($"There is no sheet {path}.");
        }

        string all = File.ReadAllText(path);
        using CsvReader csv = CsvReader.Create(new StringReader(all), CsvReaderOptions.Default with
        {
            Separator = SeparatorOf(all, path),
            HasHeader = false,
            MalformedData = CsvMalformedDataHandling.Throw,
            FieldCountMismatch = CsvFieldCountHandling.Allow,
            TrackLineNumbers = true,
            IncludeValuesInExceptions = false,
            FormatProvider = CultureInfo.InvariantCulture,
        });
        int rating = -1;
        while (Next(csv, path))
        {
            string[] cells = new string[csv.FieldCount];
            for (int i = 0; i < cells.Length; i++)
            {
                cells[i] = csv.GetString(i);
            }

            if (rating >= 0)
            {
                yield return (csv.LineNumber, cells, rating);
                continue;
            }

            rating = Array.FindIndex(cells, c => c.TrimStart().StartsWith(Rating, StringComparison.OrdinalIgnoreCase));
            if (rating < 0)
            {
                throw new DatasetFormatException(path, csv.LineNumber, Rating, "there is no such column. Leave the first line as it was written.");
            }
        }
    }

    private static bool Next(CsvReader csv, string path)
    {
        try
        {
            return csv.Read();
        }
        catch (CsvFormatException e)
        {
            throw new DatasetFormatException(path, e.LineNumber, null, "the line breaks the quoting rules of CSV (a stray or unclosed quote). Save the sheet again as CSV, UTF-8.", e);
        }
    }

    // Some spreadsheets write semicolons or tabs, by the country that they are set to.
    private static char SeparatorOf(string text, string path)
    {
        string start = text.TrimStart('\uFEFF', '"');
        char next = start.StartsWith(Id, StringComparison.OrdinalIgnoreCase) ? start[Id.Length..].TrimStart('"').FirstOrDefault() : '\0';
        return next is ',' or ';' or '\t'
            ? next
            : throw new DatasetFormatException(path, 1, Id, "the first column is not 'id', so this is no sheet of a calibration sample, or its first line was changed.");
    }

    private static double? Parse(string text, CalibrationScale scale) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out double value)
        && value >= scale.Minimum && value <= scale.Maximum && (!scale.IsWhole || double.IsInteger(value))
            ? value
            : null;

    private static string Describe(CalibrationScale scale)
    {
        string worst = scale.Direction switch { Direction.LowerIsBetter => ", {0} is worst", Direction.HigherIsBetter => ", {0} is best", _ => "" };
        string range = scale.IsShare && scale.IsWhole ? "0 or 1" : string.Create(CultureInfo.InvariantCulture, $"{(scale.IsWhole ? "a whole number" : "a number")} from {scale.Minimum} to {scale.Maximum}");
        return range + worst.Replace("{0}", scale.Maximum.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }

    private static string Protect(string text) => text.Length > 0 && (text[0] == Guard || Formulas.Contains(text[0], StringComparison.Ordinal)) ? Guard + text : text;

    private static string Unprotect(string text) => text.Length > 0 && text[0] == Guard ? text[1..] : text;

    private static string Short(string text) => text.Length > ShownCharacters ? text[..ShownCharacters] + "..." : text;
}
