using System.Text;
using SafeTuneBed.Text;

namespace SafeTuneBed.Models;

/// <summary>From an answer's ids to its text: without the stop id, without special tokens, cut before the first stop string.</summary>
internal sealed class AnswerText
{
    // Tokens before a stop string whose presence may change how its own first token reads, such as a blank that only a first token loses.
    private const int Margin = 8;

    private readonly ModelTokenizer tokenizer;
    private readonly HashSet<int> stopIds;
    private readonly IReadOnlyList<string> stopStrings;
    private readonly HashSet<int> byteIds = [];
    private readonly int window;
    private readonly int longest;

    public AnswerText(ModelTokenizer tokenizer, IEnumerable<int> stopIds, IReadOnlyList<string> stopStrings)
    {
        (this.tokenizer, this.stopIds, this.stopStrings) = (tokenizer, [.. stopIds], stopStrings);
        longest = stopStrings.Select(s => s.Length).DefaultIfEmpty().Max();
        window = stopStrings.Select(Encoding.UTF8.GetByteCount).DefaultIfEmpty().Max() + Margin;
        Ends = stopStrings.Count == 0 ? null : SpellsStopString;
        for (int value = 0; value < 256; value++)
        {
            if (tokenizer.TokenToId($"<0x{value:X2}>") is { } id)
            {
                byteIds.Add(id);
            }
        }
    }

    /// <summary>Says whether the ids so far spell out a stop string; null where there is none to look for.</summary>
    public Func<IReadOnlyList<int>, bool>? Ends { get; }

    /// <summary>The text of a finished answer, and the stop string that ended it.</summary>
    public (string Text, string? StopString) Of(GeneratedIds answer)
    {
        IReadOnlyList<int> ids = answer.TokenIds;
        bool isEnded = ids.Count > 0 && stopIds.Contains(ids[^1]);
        string text = Decode(ids, 0, isEnded ? ids.Count - 1 : ids.Count);
        return Find(text) is ( >= 0 and var end, var stop) ? (text[..end], isEnded ? null : stop) : (text, null);
    }

    /// <summary>
    /// The part of an unfinished answer that further ids can't change: without a character whose bytes are not all there, and without what may become a
    /// stop string.
    /// </summary>
    public string Settled(IReadOnlyList<int> ids)
    {
        // A run of byte tokens is read as a whole: one more byte may make all of it unreadable.
        string text = Decode(ids, 0, BeforeBytes(ids, ids.Count)).TrimEnd('\uFFFD');
        for (int held = Math.Min(longest - 1, text.Length); held > 0; held--)
        {
            if (stopStrings.Any(s => s.Length > held && text.AsSpan(text.Length - held).SequenceEqual(s.AsSpan(0, held))))
            {
                return text[..^held];
            }
        }

        return text;
    }

    // Only the newest token is new, so only the end is looked at after each; what is found there is confirmed on the whole.
    private bool SpellsStopString(IReadOnlyList<int> ids)
    {
        int start = ids.Count;
        for (int texts = 0; start > 0 && texts < window; texts += HasText(ids[start]) ? 1 : 0)
        {
            start--;
        }

        start = BeforeBytes(ids, start);
        return Find(Decode(ids, start, ids.Count)).At >= 0 && (start == 0 || Find(Decode(ids, 0, ids.Count)).At >= 0);
    }

    // Ids without text are left out before bytes are joined, so they do not part a run.
    private int BeforeBytes(IReadOnlyList<int> ids, int end)
    {
        while (end > 0 && (byteIds.Contains(ids[end - 1]) || !HasText(ids[end - 1])))
        {
            end--;
        }

        return end;
    }

    // Weights may have more rows than the tokenizer has tokens; such an id has no text.
    private bool HasText(int id) => id < tokenizer.VocabularySize && !tokenizer.IsSpecial(id);

    private string Decode(IReadOnlyList<int> ids, int start, int end)
    {
        var known = new List<int>(end - start);
        for (int i = start; i < end; i++)
        {
            if (ids[i] < tokenizer.VocabularySize)
            {
                known.Add(ids[i]);
            }
        }

        return tokenizer.Decode(known);
    }

    private (int At, string? Stop) Find(string text)
    {
        (int At, string? Stop) first = (-1, null);
        foreach (string stop in stopStrings)
        {
            int at = text.IndexOf(stop, StringComparison.Ordinal);
            first = at >= 0 && (first.At < 0 || at < first.At) ? (at, stop) : first;
        }

        return first;
    }
}
