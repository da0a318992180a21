using SafeTuneBed.Text;

namespace SafeTuneBed.Models;

/// <summary>From an answer's ids to its text: without the stop id, without special tokens, cut before the first stop string.</summary>
internal sealed class AnswerText(ModelTokenizer tokenizer, IReadOnlyCollection<int> stopIds, IReadOnlyList<string> stopStrings)
{
    /// <summary>Says whether the ids so far spell out a stop string; null where there is none to look for.</summary>
    public Func<IReadOnlyList<int>, bool>? Ends { get; } =
        stopStrings.Count == 0 ? null : ids => Cut(Decode(tokenizer, ids), stopStrings) >= 0;

    /// <summary>The text of a finished answer.</summary>
    public string Of(GeneratedIds answer)
    {
        IReadOnlyList<int> ids = answer.TokenIds;
        if (ids.Count > 0 && stopIds.Contains(ids[^1]))
        {
            ids = [.. ids.Take(ids.Count - 1)];
        }

        string text = Decode(tokenizer, ids);
        return Cut(text, stopStrings) is >= 0 and var end ? text[..end] : text;
    }

    // Weights may have more rows than the tokenizer has tokens; such an id has no text.
    private static string Decode(ModelTokenizer tokenizer, IReadOnlyList<int> ids) => tokenizer.Decode([.. ids.Where(i => i < tokenizer.VocabularySize)]);

    private static int Cut(string text, IReadOnlyList<string> stopStrings)
    {
        int first = -1;
        foreach (string stop in stopStrings)
        {
            int at = text.IndexOf(stop, StringComparison.Ordinal);
            first = at >= 0 && (first < 0 || at < first) ? at : first;
        }

        return first;
    }
}
