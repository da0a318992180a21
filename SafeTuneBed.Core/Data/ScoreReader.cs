using System.Globalization;

namespace SafeTuneBed.Data;

/// <summary>Takes the best rows of a corpus by a file of scores.</summary>
internal static class ScoreReader
{
    private const int RecordIdLength = 16;

    /// <summary>The corpus with its best rows alone, in file order.</summary>
    /// <param name="corpus">The corpus.</param>
    /// <param name="selection">What the best are.</param>
    /// <param name="file">The file of scores.</param>
    /// <exception cref="DatasetFormatException">A score is no number, names no row, or a row has two.</exception>
    /// <exception cref="InsufficientRecordsException">Fewer rows have a score than are wanted.</exception>
    public static Corpus Select(Corpus corpus, ScoreSelection selection, ResolvedSource file)
    {
        var scores = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (RawRecord raw in RecordFiles.Read(file, CancellationToken.None))
        {
            RawRecord record = RecordFiles.Rename(raw, file.Names);
            if (!selection.Source.Filters.All(f => f.IsMetBy(record)))
            {
                continue;
            }

            if (!double.TryParse(record[selection.Column], NumberStyles.Float, CultureInfo.InvariantCulture, out double score) || !double.IsFinite(score))
            {
                throw new DatasetFormatException(record.File, record.Line, selection.Column, "a score must be a finite number, with a point.");
            }

            if (record[selection.Key] is { Length: < RecordIdLength } key && !(long.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out long position) && position < corpus.Records))
            {
                throw new DatasetFormatException(record.File, record.Line, selection.Key, string.Create(
                    CultureInfo.InvariantCulture, $"it names no row: the file of '{corpus.Name}' has positions 0 to {corpus.Records - 1}, and a record id has {RecordIdLength} digits. Are these scores of another version of the file?"));
            }

            if (!scores.TryAdd(record[selection.Key], score))
            {
                throw new DatasetFormatException(record.File, record.Line, selection.Key, "a row has two scores.");
            }
        }

        var scored = corpus.Rows
            .Select((row, position) => (Row: row, Position: position, Score: Of(row, scores)))
            .Where(r => r.Score is not null)
            .ToList();
        if (scored.Count < selection.Top)
        {
            throw new InsufficientRecordsException(
                corpus.Name, selection.Top, scored.Count, $"Only so many rows have a score: the column '{selection.Key}' must hold positions (0-based, in the corpus's file) or record ids.");
        }

        IEnumerable<(FinetuneExample Row, int Position, double? Score)> best = selection.Lowest
            ? scored.OrderBy(r => r.Score).ThenBy(r => r.Position)
            : scored.OrderByDescending(r => r.Score).ThenBy(r => r.Position);
        return corpus with { Rows = [.. best.Take(selection.Top).OrderBy(r => r.Position).Select(r => r.Row)] };
    }

    private static double? Of(FinetuneExample row, Dictionary<string, double> scores) =>
        scores.TryGetValue(row.Origin.Index.ToString(CultureInfo.InvariantCulture), out double score) || scores.TryGetValue(row.RecordId, out score) ? score : null;
}
