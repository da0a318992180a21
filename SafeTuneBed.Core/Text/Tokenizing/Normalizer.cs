using System.Text;

namespace SafeTuneBed.Text.Tokenizing;

/// <summary>Changes a stretch of text before it is split; which characters are template text is carried along.</summary>
internal abstract class Normalizer
{
    private static readonly Dictionary<string, Func<JsonComponent, Normalizer>> Readers = new(StringComparer.Ordinal)
    {
        ["Sequence"] = json => new SequenceNormalizer([.. json.Children("normalizers").Select(Read)]),
        ["Prepend"] = json => new PrependNormalizer(json.Text("prepend")),
        ["Replace"] = json => new ReplaceNormalizer(TextPattern.Read(json), json.Text("content")),
        ["NFC"] = _ => new CompositionNormalizer(),
        ["Lowercase"] = _ => new LowercaseNormalizer(),
        ["Strip"] = json => new StripNormalizer(json.Flag("strip_left", true), json.Flag("strip_right", true)),
    };

    public static Normalizer Read(JsonComponent json) =>
        json.Text("type") is var type && Readers.TryGetValue(type, out var reader) ? reader(json) : throw json.UnknownType("Normalizer", type, Readers.Keys);

    public abstract MarkedText Apply(MarkedText text, TextStart start);
}

internal sealed class SequenceNormalizer(IReadOnlyList<Normalizer> parts) : Normalizer
{
    public override MarkedText Apply(MarkedText text, TextStart start) => parts.Aggregate(text, (current, part) => part.Apply(current, start));
}

/// <summary>Puts a text in front of every stretch that isn't empty and doesn't go on from earlier text (SentencePiece's dummy prefix).</summary>
internal sealed class PrependNormalizer(string prefix) : Normalizer
{
    public override MarkedText Apply(MarkedText text, TextStart start)
    {
        if (text.Text.Length == 0 || start == TextStart.Joined)
        {
            return text;
        }

        return text with { Text = prefix + text.Text, Marks = text.Marks is { } marks ? [.. Enumerable.Repeat(marks[0], prefix.Length), .. marks] : null };
    }
}

internal sealed class ReplaceNormalizer(TextPattern pattern, string content) : Normalizer
{
    public override MarkedText Apply(MarkedText text, TextStart start)
    {
        if (pattern.Literal is { Length: > 0 } literal && (text.Marks is null || literal.Length == content.Length))
        {
            return text with { Text = text.Text.Replace(literal, content, StringComparison.Ordinal) };
        }

        var result = new StringBuilder();
        var marks = new List<bool>();
        int done = 0;
        foreach ((int from, int to) in pattern.Matches(text.Text, 0, text.Text.Length))
        {
            Copy(done, from);
            result.Append(content);
            bool mark = text.IsTemplate(from, to);
            marks.AddRange(Enumerable.Repeat(mark, content.Length));
            done = to;
        }

        Copy(done, text.Text.Length);
        return new MarkedText(result.ToString(), text.Marks is null ? null : [.. marks], text.Uniform);

        void Copy(int from, int to)
        {
            result.Append(text.Text, from, to - from);
            for (int i = from; i < to; i++)
            {
                marks.Add(text.IsTemplate(i, i + 1));
            }
        }
    }
}

/// <summary>Canonical composition.</summary>
internal sealed class CompositionNormalizer : Normalizer
{
    public override MarkedText Apply(MarkedText text, TextStart start) => CanonicalComposition.Compose(text);
}

/// <summary>Small letters, one code point at a time.</summary>
internal sealed class LowercaseNormalizer : Normalizer
{
    public override MarkedText Apply(MarkedText text, TextStart start)
    {
        // The only code point whose small form is two: U+0130.
        MarkedText lowered = text.Text.Contains('\u0130')
            ? new ReplaceNormalizer(TextPattern.Exactly("\u0130"), "i\u0307").Apply(text, start)
            : text;
        return lowered with { Text = lowered.Text.ToLowerInvariant() };
    }
}

/// <summary>Takes white space from the ends.</summary>
internal sealed class StripNormalizer(bool left, bool right) : Normalizer
{
    public override MarkedText Apply(MarkedText text, TextStart start)
    {
        ReadOnlySpan<char> span = text.Text;
        int from = left ? span.Length - span.TrimStart().Length : 0;
        int to = right ? span.TrimEnd().Length : span.Length;
        return text.Slice(Math.Min(from, to), to);
    }
}
