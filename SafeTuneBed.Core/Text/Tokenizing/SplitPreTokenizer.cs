using System.Text;

namespace SafeTuneBed.Text.Tokenizing;

/// <summary>What happens to the stretches that a split pattern matches.</summary>
internal enum SplitBehavior
{
    /// <summary>They are dropped.</summary>
    Removed,

    /// <summary>Each is a piece.</summary>
    Isolated,

    /// <summary>Each ends the piece before it.</summary>
    MergedWithPrevious,

    /// <summary>Each begins the piece behind it.</summary>
    MergedWithNext,

    /// <summary>Neighbors become one piece.</summary>
    Contiguous,
}

/// <summary>Cuts at the matches of a pattern, or between them when inverted.</summary>
internal sealed class SplitPreTokenizer(TextPattern pattern, SplitBehavior behavior, bool invert = false) : PreTokenizer
{
    public override void Apply(Pieces pieces) => pieces.Cut(Cut);

    public void Cut(string text, int start, int end, List<(int Start, int End)> ranges)
    {
        var stretches = new List<(int Start, int End, bool Match)>();
        int done = start;
        foreach ((int from, int to) in pattern.Matches(text, start, end))
        {
            if (done < from)
            {
                stretches.Add((done, from, invert));
            }

            stretches.Add((from, to, !invert));
            done = to;
        }

        if (done < end)
        {
            stretches.Add((done, end, invert));
        }

        switch (behavior)
        {
            case SplitBehavior.Removed:
                ranges.AddRange(stretches.Where(s => !s.Match).Select(s => (s.Start, s.End)));
                break;
            case SplitBehavior.Isolated:
                ranges.AddRange(stretches.Select(s => (s.Start, s.End)));
                break;
            case SplitBehavior.MergedWithNext:
                AddMergedWithNext(stretches, ranges);
                break;
            default:
                AddMerged(stretches, ranges);
                break;
        }
    }

    private void AddMerged(List<(int Start, int End, bool Match)> stretches, List<(int Start, int End)> ranges)
    {
        bool last = false;
        int first = ranges.Count;
        foreach ((int start, int end, bool match) in stretches)
        {
            bool merge = behavior == SplitBehavior.Contiguous ? match == last : match && !last;
            if (merge && ranges.Count > first)
            {
                ranges[^1] = (ranges[^1].Start, end);
            }
            else
            {
                ranges.Add((start, end));
            }

            last = match;
        }
    }

    private static void AddMergedWithNext(List<(int Start, int End, bool Match)> stretches, List<(int Start, int End)> ranges)
    {
        bool last = false;
        int first = ranges.Count;
        for (int i = stretches.Count - 1; i >= 0; i--)
        {
            (int start, int end, bool match) = stretches[i];
            if (match && !last && ranges.Count > first)
            {
                ranges[^1] = (start, ranges[^1].End);
            }
            else
            {
                ranges.Add((start, end));
            }

            last = match;
        }

        ranges.Reverse(first, ranges.Count - first);
    }
}

/// <summary>Each code point that fulfills a condition.</summary>
internal sealed class RunePattern(Func<Rune, bool> condition) : TextPattern
{
    public override IEnumerable<(int Start, int End)> Matches(string text, int start, int end)
    {
        int position = start;
        while (position < end)
        {
            Rune.DecodeFromUtf16(text.AsSpan(position, end - position), out Rune rune, out int length);
            if (condition(rune))
            {
                yield return (position, position + length);
            }

            position += length;
        }
    }
}
