namespace SafeTuneBed.Text.Tokenizing;

/// <summary>A text cut into pieces: ranges in reading order, perhaps with gaps. A step cuts finer or rewrites the text.</summary>
internal sealed class Pieces
{
    public Pieces(string text, TextStart start)
    {
        (Text, Start) = (text, start);
        Ranges.Add((0, text.Length));
    }

    public string Text { get; private set; }

    /// <summary>What stands before the first piece. No other piece begins a text.</summary>
    public TextStart Start { get; }

    public List<(int Start, int End)> Ranges { get; private set; } = [];

    /// <summary>What stands before a piece: pieces after the first never go on from earlier text as far as a step can tell.</summary>
    public TextStart StartOf(int index) => index == 0 ? Start : TextStart.AfterToken;

    /// <summary>Replaces the ranges by finer ones; <paramref name="cut"/> appends those of one range.</summary>
    public void Cut(Action<string, int, int, List<(int Start, int End)>> cut)
    {
        var finer = new List<(int Start, int End)>(Math.Max(Ranges.Count, 16));
        foreach ((int start, int end) in Ranges)
        {
            cut(Text, start, end, finer);
        }

        finer.RemoveAll(static r => r.End <= r.Start);
        Ranges = finer;
    }

    /// <summary>Rewrites each piece.</summary>
    public void Rewrite(Func<string, TextStart, string> rewrite)
    {
        var parts = new string[Ranges.Count];
        var ranges = new List<(int Start, int End)>(Ranges.Count);
        int position = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            (int start, int end) = Ranges[i];
            parts[i] = rewrite(start == 0 && end == Text.Length ? Text : Text[start..end], StartOf(i));
            ranges.Add((position, position += parts[i].Length));
        }

        Text = parts.Length == 1 ? parts[0] : string.Concat(parts);
        Ranges = ranges;
    }
}
