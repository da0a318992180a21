namespace SafeTuneBed.Text.Jinja;

/// <summary>Cutting texts as Python's methods do: strip, split, replace. All keep the origin of every character.</summary>
internal static class TextFinder
{
    /// <summary>Without the given characters, or whitespace, at its ends.</summary>
    public static StringValue Strip(StringValue value, string? characters, bool left, bool right, RenderBudget budget)
    {
        string text = value.Text;
        budget.Characters(text.Length + (characters?.Length ?? 0));
        HashSet<int>? set = characters is null ? null : [.. CodePointsOf(characters)];
        int start = 0;
        int end = text.Length;
        while (left && start < end && CodePoint(text, start) is var code && Matches(code))
        {
            start += code > char.MaxValue ? 2 : 1;
        }

        while (right && end > start)
        {
            int width = end - start > 1 && char.IsSurrogatePair(text[end - 2], text[end - 1]) ? 2 : 1;
            if (!Matches(CodePoint(text, end - width)))
            {
                break;
            }

            end -= width;
        }

        return value.Units(start, end - start);

        bool Matches(int code) => set?.Contains(code) ?? (code <= char.MaxValue && PythonText.IsSpace((char)code));
    }

    /// <summary>Split at a separator, or at runs of whitespace; at most <paramref name="limit"/> times if that is not negative.</summary>
    public static SequenceValue Split(StringValue value, StringValue? separator, int limit, bool fromRight, RenderBudget budget)
    {
        budget.Characters(value.Text.Length);
        if (separator is { Text.Length: 0 })
        {
            throw new TemplateFault("a text can't be split at an empty separator. Use 'list' for its characters.");
        }

        int most = limit < 0 ? int.MaxValue : limit;
        List<(int Start, int End)> parts = (separator, fromRight) switch
        {
            (null, false) => AtSpace(value.Text, most),
            (null, true) => AtSpaceFromRight(value.Text, most),
            (_, false) => AtText(value.Text, separator.Text, most),
            _ => AtTextFromRight(value.Text, separator.Text, most),
        };
        budget.Items(parts.Count);
        return SequenceValue.List([.. parts.Select(part => (JinjaValue)value.Units(part.Start, part.End - part.Start))]);
    }

    /// <summary>Python's line ends, more than '\n'.</summary>
    public static SequenceValue SplitLines(StringValue value, bool keepEnds, RenderBudget budget)
    {
        string text = value.Text;
        budget.Characters(text.Length);
        List<JinjaValue> lines = [];
        int start = 0;
        while (start < text.Length)
        {
            int end = start;
            while (end < text.Length && !IsLineEnd(text[end]))
            {
                end++;
            }

            int next = end >= text.Length ? end : text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? end + 2 : end + 1;
            lines.Add(value.Units(start, (keepEnds ? next : end) - start));
            start = next;
        }

        budget.Items(lines.Count);
        return SequenceValue.List(lines);
    }

    /// <summary>Replaces the first <paramref name="count"/> occurrences, or all if that is negative. An empty text occurs around every character.</summary>
    public static StringValue Replace(StringValue value, StringValue old, StringValue with, int count, RenderBudget budget)
    {
        string text = value.Text;
        budget.Characters(text.Length);
        TracedBuilder builder = new(budget);
        int at = 0;
        for (int done = 0; count < 0 || done < count; done++)
        {
            int found = old.Text.Length > 0 ? text.IndexOf(old.Text, at, StringComparison.Ordinal) : NextGap(text, at, done);
            if (found < 0)
            {
                break;
            }

            builder.Append(value, at, found - at);
            builder.Append(with);
            at = found + old.Text.Length;
        }

        builder.Append(value, at, text.Length - at);
        return builder.ToValue();
    }

    /// <summary>Without Python's whitespace at its ends.</summary>
    public static string Trim(string text)
    {
        int start = 0;
        while (start < text.Length && PythonText.IsSpace(text[start]))
        {
            start++;
        }

        int end = text.Length;
        while (end > start && PythonText.IsSpace(text[end - 1]))
        {
            end--;
        }

        return text[start..end];
    }

    /// <summary>Code points; a lone surrogate is one.</summary>
    public static IEnumerable<int> CodePointsOf(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            int code = CodePoint(text, i);
            i += code > char.MaxValue ? 1 : 0;
            yield return code;
        }
    }

    private static int CodePoint(string text, int at) => char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1])
        ? char.ConvertToUtf32(text[at], text[at + 1])
        : text[at];

    private static bool IsLineEnd(char c) => c is '\n' or '\r' or '\v' or '\f' or '\x1c' or '\x1d' or '\x1e' or '\x85' or '\u2028' or '\u2029';

    // The gap before the first character, then the one behind each.
    private static int NextGap(string text, int at, int done) => done == 0 ? 0 : at >= text.Length ? -1 : at + (CodePoint(text, at) > char.MaxValue ? 2 : 1);

    private static List<(int, int)> AtText(string text, string separator, int most)
    {
        List<(int, int)> parts = [];
        int start = 0;
        while (parts.Count < most && text.IndexOf(separator, start, StringComparison.Ordinal) is var found and >= 0)
        {
            parts.Add((start, found));
            start = found + separator.Length;
        }

        parts.Add((start, text.Length));
        return parts;
    }

    private static List<(int, int)> AtTextFromRight(string text, string separator, int most)
    {
        List<(int, int)> parts = [];
        int end = text.Length;
        while (parts.Count < most && text.AsSpan(0, end).LastIndexOf(separator) is var found and >= 0)
        {
            parts.Add((found + separator.Length, end));
            end = found;
        }

        parts.Add((0, end));
        parts.Reverse();
        return parts;
    }

    private static List<(int, int)> AtSpace(string text, int most)
    {
        List<(int, int)> parts = [];
        int at = 0;
        while (true)
        {
            while (at < text.Length && PythonText.IsSpace(text[at]))
            {
                at++;
            }

            if (at >= text.Length)
            {
                return parts;
            }

            int start = at;
            if (parts.Count == most)
            {
                parts.Add((start, text.Length));
                return parts;
            }

            while (at < text.Length && !PythonText.IsSpace(text[at]))
            {
                at++;
            }

            parts.Add((start, at));
        }
    }

    private static List<(int, int)> AtSpaceFromRight(string text, int most)
    {
        List<(int, int)> parts = [];
        int at = text.Length;
        while (true)
        {
            while (at > 0 && PythonText.IsSpace(text[at - 1]))
            {
                at--;
            }

            if (at == 0)
            {
                break;
            }

            int end = at;
            if (parts.Count == most)
            {
                parts.Add((0, end));
                break;
            }

            while (at > 0 && !PythonText.IsSpace(text[at - 1]))
            {
                at--;
            }

            parts.Add((at, end));
        }

        parts.Reverse();
        return parts;
    }
}
