namespace SafeTuneBed.Sandbox.Making;

/// <summary>Token ids of a text in training, of which those from <see cref="Supervised"/> on are to be predicted.</summary>
internal readonly record struct TrainingText(int[] Ids, int Supervised);

/// <summary>Rows of equal length with the places that are supervised.</summary>
/// <param name="Ids">[rows * length], padded with 0.</param>
/// <param name="RowCount">Rows.</param>
/// <param name="Length">Positions of a row.</param>
/// <param name="Places">Flat positions whose hidden state predicts the next token.</param>
/// <param name="Targets">The tokens they are to predict.</param>
internal sealed record PackedRows(long[] Ids, int RowCount, int Length, long[] Places, long[] Targets)
{
    /// <summary>Packs each row's texts one after the other, from position 0.</summary>
    public static PackedRows Pack(IReadOnlyList<IReadOnlyList<TrainingText>> rows, int length)
    {
        var ids = new long[rows.Count * length];
        var places = new List<long>();
        var targets = new List<long>();
        for (int r = 0; r < rows.Count; r++)
        {
            int at = r * length;
            foreach ((int[] text, int supervised) in rows[r])
            {
                for (int i = 0; i < text.Length; i++)
                {
                    ids[at + i] = text[i];
                    if (i >= supervised && i > 0)
                    {
                        places.Add(at + i - 1);
                        targets.Add(text[i]);
                    }
                }

                at += text.Length;
            }
        }

        return new PackedRows(ids, rows.Count, length, [.. places], [.. targets]);
    }
}

/// <summary>
/// Fills rows with whole texts: of a few waiting ones it takes the first that still fits, so little is wasted and no answer is torn from its question.
/// </summary>
/// <param name="next">The next text; each must fit a row.</param>
/// <param name="length">Positions of a row.</param>
internal sealed class RowPacker(Func<TrainingText> next, int length)
{
    private const int Waiting = 32;

    private readonly List<TrainingText> waiting = [];

    public PackedRows Next(int rows) => PackedRows.Pack([.. Enumerable.Range(0, rows).Select(_ => Row())], length);

    private List<TrainingText> Row()
    {
        var row = new List<TrainingText>();
        int free = length;
        while (true)
        {
            while (waiting.Count < Waiting)
            {
                waiting.Add(next());
            }

            int fits = waiting.FindIndex(t => t.Ids.Length <= free);
            if (fits < 0)
            {
                return row;
            }

            free -= waiting[fits].Ids.Length;
            row.Add(waiting[fits]);
            waiting.RemoveAt(fits);
        }
    }
}
