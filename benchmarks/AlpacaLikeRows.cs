using System.Text.Json;
using SafeTuneBed.Data;

namespace SafeTuneBed.Benchmarks;

/// <summary>
/// Rows of the size of Alpaca's, as many as are wanted: those of a file, over and over, one word in fifty made a word that was not met before, so that what a
/// tokenizer remembers helps it as little as new text would.
/// </summary>
internal sealed class AlpacaLikeRows(string file)
{
    private const int NewWordEvery = 50;

    private readonly FinetuneExample[] rows =
        [.. RecordStream.Read(file, file.EndsWith("l", StringComparison.Ordinal) ? DatasetFormat.JsonLines : DatasetFormat.Json, null, CancellationToken.None)
            .Select(r => RecordMapper.Map(r, RecordMapping.Columns("instruction", "input", "output"), keepFields: false))];

    private uint state = 1;

    /// <summary>Writes a JSON Lines file, streamed.</summary>
    public void Write(string path, int count)
    {
        using var stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16);
        using var json = new Utf8JsonWriter(stream);
        for (int i = 0; i < count; i++)
        {
            FinetuneExample row = rows[i % rows.Length];
            json.WriteStartObject();
            json.WriteString("instruction", Renew(row.Instruction));
            json.WriteString("input", Renew(row.Input));
            json.WriteString("output", Renew(row.Output));
            json.WriteEndObject();
            json.Flush();
            stream.WriteByte((byte)'\n');
            json.Reset();
        }
    }

    private string Renew(string text) => text.Length == 0 ? text : string.Join(' ', text.Split(' ').Select(word => Next() % NewWordEvery == 0 ? NewWord() : word));

    private string NewWord() => string.Create(4 + (int)(Next() % 6), this, (letters, source) =>
    {
        for (int i = 0; i < letters.Length; i++)
        {
            letters[i] = (char)('a' + (source.Next() % 26));
        }
    });

    private uint Next()
    {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        return state;
    }
}
