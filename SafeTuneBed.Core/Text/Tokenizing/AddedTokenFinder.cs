using System.Buffers;
using System.Globalization;
using System.Text;

namespace SafeTuneBed.Text.Tokenizing;

/// <summary>A stretch found in a text: an added token, or ordinary text where <see cref="Token"/> is null.</summary>
internal readonly record struct FoundStretch(AddedToken? Token, int Start, int End);

/// <summary>Finds added tokens: leftmost first, the longest of those that begin at one place, never overlapping.</summary>
internal sealed class AddedTokenFinder
{
    private readonly Node root = new();
    private readonly SearchValues<char> beginnings;
    private readonly bool hasPlainText;

    /// <param name="tokens">Tokens, each with the text by which it is found.</param>
    public AddedTokenFinder(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        foreach ((string text, AddedToken token) in tokens)
        {
            Node node = root;
            foreach (char c in text)
            {
                if (!node.Children.TryGetValue(c, out Node? child))
                {
                    node.Children.Add(c, child = new Node());
                }

                node = child;
            }

            node.Token ??= token;
            hasPlainText |= token.IsPlainText;
        }

        beginnings = SearchValues.Create([.. root.Children.Keys]);
    }

    public bool IsEmpty => root.Children.Count == 0;

    /// <summary>Splits a text. Control tokens count only where they lie within template text.</summary>
    public IReadOnlyList<FoundStretch> Find(MarkedText text)
    {
        var found = new List<FoundStretch>();
        int done = 0;
        if (!IsEmpty && (hasPlainText || text.HasTemplate))
        {
            Scan(text, found, ref done);
        }

        if (done < text.Text.Length)
        {
            found.Add(new FoundStretch(null, done, text.Text.Length));
        }

        return found;
    }

    private void Scan(MarkedText marked, List<FoundStretch> found, ref int done)
    {
        string text = marked.Text;
        int position = 0;
        while (position < text.Length)
        {
            int next = text.AsSpan(position).IndexOfAny(beginnings);
            if (next < 0)
            {
                return;
            }

            position += next;
            (AddedToken? token, int end) = Longest(marked, position);
            if (token is null)
            {
                position++;
                continue;
            }

            (int start, int stop) = (position, end);
            position = end;
            if (start < done || (token.SingleWord && (EndsWithWord(text.AsSpan(0, start)) || StartsWithWord(text.AsSpan(stop)))))
            {
                continue;
            }

            if (token.LeftStrip)
            {
                start = Math.Max(done, text.AsSpan(0, start).TrimEnd().Length);
            }

            if (token.RightStrip)
            {
                stop = text.Length - text.AsSpan(stop).TrimStart().Length;
            }

            if (done < start)
            {
                found.Add(new FoundStretch(null, done, start));
            }

            found.Add(new FoundStretch(token, start, stop));
            done = stop;
        }
    }

    private (AddedToken? Token, int End) Longest(MarkedText text, int start)
    {
        (AddedToken? Token, int End) best = default;
        Node? node = root;
        for (int i = start; i < text.Text.Length && node.Children.TryGetValue(text.Text[i], out node); i++)
        {
            if (node.Token is { } token && (token.IsPlainText || text.IsTemplate(start, i + 1)))
            {
                best = (token, i + 1);
            }
        }

        return best;
    }

    private static bool EndsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeLastFromUtf16(text, out Rune last, out _) == OperationStatus.Done && IsWord(last);

    private static bool StartsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeFromUtf16(text, out Rune first, out _) == OperationStatus.Done && IsWord(first);

    /// <summary>A word character of Unicode's regular expressions (UTS 18, annex C).</summary>
    private static bool IsWord(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter
            or UnicodeCategory.OtherLetter or UnicodeCategory.LetterNumber or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark
            or UnicodeCategory.EnclosingMark or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.ConnectorPunctuation => true,
        UnicodeCategory.OtherSymbol => rune.Value is (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189),
        _ => rune.Value is 0x200C or 0x200D,
    };

    private sealed class Node
    {
        public Dictionary<char, Node> Children { get; } = [];

        public AddedToken? Token { get; set; }
    }
}
