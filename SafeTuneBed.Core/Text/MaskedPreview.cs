using System.Globalization;
using System.Text;

namespace SafeTuneBed.Text;

/// <summary>Shows one tokenized row as text: masked tokens in ‹›, tokens that carry loss in «», and the counts.</summary>
internal static class MaskedPreview
{
    /// <summary>Renders a row. The text of a harmful row is left out unless <paramref name="showHarmful"/>: only counts and the shape remain.</summary>
    /// <param name="example">The row.</param>
    /// <param name="tokenizer">The tokenizer that made it.</param>
    /// <param name="showHarmful">Whether the text of harmful rows may be shown.</param>
    /// <param name="maxTokens">The most tokens shown of each part; of longer parts the middle is left out.</param>
    public static string Render(TokenizedExample example, ModelTokenizer tokenizer, bool showHarmful = false, int maxTokens = 400)
    {
        ArgumentNullException.ThrowIfNull(example);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, 2);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Row {example.RowId}, {RoleName(example.Role)}: {example.InputIds.Length} tokens, ");
        text.Append(CultureInfo.InvariantCulture, $"{example.PromptTokenCount} masked ‹›, {example.SupervisedTokenCount} supervised «»");
        text.Append(example.Truncated ? ", answer cut off\n" : "\n");
        if (example.Role == ExampleRole.Harmful && !showHarmful)
        {
            return text.Append("‹prompt of a harmful row, not shown›«answer of a harmful row, not shown»\n").ToString();
        }

        Append(text, '‹', '›', tokenizer, example.InputIds, 0..example.PromptTokenCount, maxTokens);
        Append(text, '«', '»', tokenizer, example.InputIds, example.PromptTokenCount.., maxTokens);
        return text.Append('\n').ToString();
    }

    private static void Append(StringBuilder text, char open, char close, ModelTokenizer tokenizer, int[] ids, Range part, int maxTokens)
    {
        (int start, int length) = part.GetOffsetAndLength(ids.Length);
        int end = start + length, half = maxTokens / 2;
        text.Append(open);
        if (length <= maxTokens)
        {
            text.Append(Visible(Decode(tokenizer, ids, start, end)));
        }
        else
        {
            text.Append(Visible(Decode(tokenizer, ids, start, start + half)));
            text.Append(CultureInfo.InvariantCulture, $" ... {length - (2 * half)} tokens ... ");
            text.Append(Visible(Decode(tokenizer, ids, end - half, end)));
        }

        text.Append(close);
    }

    /// <summary>The text of some ids as they stand behind the one before: decoded by themselves, they would lose a blank in front.</summary>
    private static string Decode(ModelTokenizer tokenizer, int[] ids, int start, int end)
    {
        if (start > 0 && start < end)
        {
            string before = tokenizer.Decode([ids[start - 1]], skipSpecialTokens: false);
            string both = tokenizer.Decode(ids[(start - 1)..end], skipSpecialTokens: false);
            if (both.StartsWith(before, StringComparison.Ordinal))
            {
                return both[before.Length..];
            }
        }

        return tokenizer.Decode(ids[start..end], skipSpecialTokens: false);
    }

    /// <summary>
    /// Control characters, which could move a console's cursor or change its colors, as symbols, and so what turns the reading direction; line ends and tabs stay.
    /// </summary>
    private static string Visible(string text) => string.Create(text.Length, text, static (chars, source) =>
    {
        for (int i = 0; i < chars.Length; i++)
        {
            char c = source[i];
            chars[i] = c is '\n' or '\t' || !(char.IsControl(c) || TurnsText(c)) ? c : c < ' ' ? (char)('\u2400' + c) : '\uFFFD';
        }
    });

    /// <summary>Marks of direction, by which text can be made to look like other text, and the two separators that some consoles take for line ends.</summary>
    private static bool TurnsText(char c) => c is '\u061C' or '\u200E' or '\u200F' or (>= '\u2028' and <= '\u202E') or (>= '\u2066' and <= '\u2069');

    private static string RoleName(ExampleRole role) => role switch
    {
        ExampleRole.Benign => "benign",
        ExampleRole.Harmful => "harmful",
        ExampleRole.Guide => "guide",
        _ => "alignment",
    };
}
