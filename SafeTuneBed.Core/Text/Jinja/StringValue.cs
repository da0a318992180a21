namespace SafeTuneBed.Text.Jinja;

/// <summary>
/// A text that knows which of its stretches came from a message. Positions in templates count code points, as Python's do;
/// positions in this class count UTF-16 units, and the two differ only in texts with surrogates.
/// </summary>
internal sealed class StringValue : JinjaValue
{
    public static readonly StringValue Empty = new("");

    // Where the origin flips between template and content; null when it never does.
    private readonly int[]? flips;
    private readonly bool startsAsContent;
    private int[]? offsets;

    public StringValue(string text, bool isContent = false)
        : this(text, isContent, null)
    {
    }

    public StringValue(string text, bool startsAsContent, int[]? flips)
    {
        Text = text;
        this.startsAsContent = startsAsContent && text.Length > 0;
        this.flips = flips;
    }

    public string Text { get; }

    /// <summary>Whether any character came from a message.</summary>
    public bool HasContent => startsAsContent || flips is not null;

    public override string TypeName => "str";

    public override bool IsTrue => Text.Length > 0;

    /// <summary>Code points.</summary>
    public override int? Length => Offsets is { } map ? map.Length - 1 : Text.Length;

    // UTF-16 start of each code point and the end; null when every unit is one. A lone surrogate is a code point, as in Python.
    private int[]? Offsets
    {
        get
        {
            if (offsets is null)
            {
                offsets = Text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') ? FindOffsets(Text) : [];
            }

            return offsets.Length == 0 ? null : offsets;
        }
    }

    /// <summary>Stretches of one origin, in order.</summary>
    public IEnumerable<(int Start, int Length, bool IsContent)> Runs => RunsOf(0, Text.Length);

    public override IEnumerable<JinjaValue> Iterate(RenderBudget budget)
    {
        for (int i = 0, count = Length!.Value; i < count; i++)
        {
            yield return CodePoints(i, 1);
        }
    }

    /// <summary>A stretch by UTF-16 positions.</summary>
    public StringValue Units(int start, int length)
    {
        if (length == Text.Length)
        {
            return this;
        }

        if (length == 0)
        {
            return Empty;
        }

        string part = Text.Substring(start, length);
        if (flips is null)
        {
            return new StringValue(part, startsAsContent);
        }

        bool first = IsContentAt(start);
        int[] inner = flips[Passed(start)..Passed(start + length - 1)];
        for (int i = 0; i < inner.Length; i++)
        {
            inner[i] -= start;
        }

        return new StringValue(part, first, inner.Length == 0 ? null : inner);
    }

    /// <summary>A stretch by code points.</summary>
    public StringValue CodePoints(int start, int length)
    {
        int from = ToUnits(start);
        return Units(from, ToUnits(start + length) - from);
    }

    /// <summary>UTF-16 position of a code point.</summary>
    public int ToUnits(int codePoint) => Offsets is { } map ? map[codePoint] : codePoint;

    /// <summary>Code point at a UTF-16 position.</summary>
    public int ToCodePoints(int unit)
    {
        if (Offsets is not { } map)
        {
            return unit;
        }

        int found = Array.BinarySearch(map, unit);
        return found >= 0 ? found : ~found;
    }

    /// <summary>The same origin for another text: content if any of this was. For changes in which characters can't be followed.</summary>
    public StringValue Derive(string text) => new(text, HasContent);

    /// <summary>Stretches of one origin that lie within a part.</summary>
    public IEnumerable<(int Start, int Length, bool IsContent)> RunsOf(int start, int length)
    {
        int end = start + length;
        bool content = IsContentAt(start);
        for (int i = Passed(start); flips is not null && i < flips.Length && flips[i] < end; i++)
        {
            yield return (start, flips[i] - start, content);
            start = flips[i];
            content = !content;
        }

        if (end > start)
        {
            yield return (start, end - start, content);
        }
    }

    /// <summary>For messages: text of the template in quotes, text of a message never.</summary>
    public string Shown() => HasContent ? "(text of a message)" : $"'{(Text.Length > 80 ? Text[..80] + "..." : Text)}'";

    public override string ToString() => Text;

    private bool IsContentAt(int unit) => startsAsContent ^ (Passed(unit) % 2 == 1);

    // How many flips lie at or before a position.
    private int Passed(int unit)
    {
        int found = flips is null ? -1 : Array.BinarySearch(flips, unit);
        return found >= 0 ? found + 1 : ~found;
    }

    private static int[] FindOffsets(string text)
    {
        List<int> starts = new(text.Length + 1);
        for (int i = 0; i < text.Length; i++)
        {
            starts.Add(i);
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
            }
        }

        starts.Add(text.Length);
        return [.. starts];
    }
}
