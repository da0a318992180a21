namespace SafeTuneBed.Text.Tokenizing;

/// <summary>A text that knows which of its characters are template text, where control tokens count.</summary>
/// <param name="Text">The text, without lone surrogates.</param>
/// <param name="Marks">One mark a character, true for template text; null when all characters are of one kind, <paramref name="Uniform"/>.</param>
/// <param name="Uniform">The kind of all characters when there are no marks.</param>
internal readonly record struct MarkedText(string Text, bool[]? Marks, bool Uniform)
{
    public MarkedText Slice(int start, int end) =>
        start == 0 && end == Text.Length ? this : new MarkedText(Text[start..end], Marks?[start..end], Uniform);

    /// <summary>Whether all characters from <paramref name="start"/> to <paramref name="end"/> (exclusive) are template text.</summary>
    public bool IsTemplate(int start, int end) => Marks is null ? Uniform : !Marks.AsSpan(start, end - start).Contains(false);

    public bool HasTemplate => Marks is not null || Uniform;

    /// <summary>Joins segments; a half of a surrogate pair that stands alone becomes U+FFFD, as it would in UTF-8.</summary>
    public static MarkedText Join(IReadOnlyList<TextSegment> segments)
    {
        string text = segments.Count == 1 ? segments[0].Text : string.Concat(segments.Select(s => s.Text));
        text = WithoutLoneSurrogates(text);
        bool any = segments.Any(s => s.IsTemplate && s.Text.Length > 0);
        if (!any || segments.All(s => s.IsTemplate || s.Text.Length == 0))
        {
            return new MarkedText(text, null, any);
        }

        var marks = new bool[text.Length];
        int position = 0;
        foreach (TextSegment segment in segments)
        {
            marks.AsSpan(position, segment.Text.Length).Fill(segment.IsTemplate);
            position += segment.Text.Length;
        }

        return new MarkedText(text, marks, false);
    }

    private static string WithoutLoneSurrogates(string text)
    {
        int found = text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF');
        if (found < 0)
        {
            return text;
        }

        char[]? mended = null;
        for (int i = found; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
            {
                continue;
            }

            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))
            {
                i++;
                continue;
            }

            mended ??= text.ToCharArray();
            mended[i] = '\uFFFD';
        }

        return mended is null ? text : new string(mended);
    }
}
