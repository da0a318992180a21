using System.Globalization;
using System.Text;

namespace SafeTuneBed.Text.Jinja;

/// <summary>Python's <c>str</c> and <c>repr</c> of a value.</summary>
internal static class PythonText
{
    /// <summary>Python's whitespace: Unicode's and the four separators U+001C to U+001F.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    /// <summary>What printing the value gives.</summary>
    public static StringValue ToText(JinjaValue value, RenderBudget budget)
    {
        switch (value)
        {
            case StringValue text:
                return text;
            case UndefinedValue:
                return StringValue.Empty;
            default:
                TracedBuilder builder = new(budget);
                AppendRepresentation(builder, value, budget);
                return builder.ToValue();
        }
    }

    /// <summary>Python's <c>repr</c>, with the texts of messages within it still known as such.</summary>
    public static void AppendRepresentation(TracedBuilder builder, JinjaValue value, RenderBudget budget)
    {
        budget.Step();
        switch (value)
        {
            case StringValue text:
                AppendQuoted(builder, text);
                break;
            case NoneValue:
                builder.Append("None");
                break;
            case BooleanValue:
                builder.Append(value.IsTrue ? "True" : "False");
                break;
            case IntegerValue integer:
                builder.Append(integer.Number.ToString(CultureInfo.InvariantCulture));
                break;
            case FloatValue number:
                builder.Append(Numbers.Format(number.Number));
                break;
            case UndefinedValue:
                builder.Append("Undefined");
                break;
            case SequenceValue sequence:
                AppendSequence(builder, sequence, budget);
                break;
            case DictionaryValue dictionary:
                AppendDictionary(builder, dictionary, budget);
                break;
            case NamespaceValue space:
                budget.Enter();
                builder.Append("<Namespace ");
                AppendDictionary(builder, space.ToDictionary(), budget);
                builder.Append(">");
                budget.Leave();
                break;
            default:
                builder.Append($"<{value.TypeName}>");
                break;
        }
    }

    private static void AppendSequence(TracedBuilder builder, SequenceValue sequence, RenderBudget budget)
    {
        if (sequence.Kind == SequenceKind.Range)
        {
            AppendRange(builder, sequence);
            return;
        }

        (string open, string close) = sequence.Kind switch
        {
            SequenceKind.List => ("[", "]"),
            SequenceKind.Tuple => ("(", sequence.Items.Count == 1 ? ",)" : ")"),
            _ => ($"{sequence.TypeName}([", "])"),
        };
        builder.Append(open);
        for (int i = 0; i < sequence.Items.Count; i++)
        {
            builder.Append(i == 0 ? "" : ", ");
            AppendRepresentation(builder, sequence.Items[i], budget);
        }

        builder.Append(close);
    }

    private static void AppendDictionary(TracedBuilder builder, DictionaryValue dictionary, RenderBudget budget)
    {
        builder.Append("{");
        bool first = true;
        foreach ((JinjaValue key, JinjaValue item) in dictionary.Entries)
        {
            builder.Append(first ? "" : ", ");
            AppendRepresentation(builder, key, budget);
            builder.Append(": ");
            AppendRepresentation(builder, item, budget);
            first = false;
        }

        builder.Append("}");
    }

    private static void AppendRange(TracedBuilder builder, SequenceValue range)
    {
        long[] numbers = [.. range.Items.Select(item => Numbers.ToInteger(item)!.Value)];
        long step = numbers.Length > 1 ? numbers[1] - numbers[0] : 1;
        long start = numbers.Length > 0 ? numbers[0] : 0;
        long stop = start + (step * numbers.Length);
        builder.Append(string.Create(CultureInfo.InvariantCulture, $"range({start}, {stop}{(step == 1 ? "" : $", {step}")})"));
    }

    private static void AppendQuoted(TracedBuilder builder, StringValue value)
    {
        bool doubleQuotes = value.Text.Contains('\'', StringComparison.Ordinal) && !value.Text.Contains('"', StringComparison.Ordinal);
        char quote = doubleQuotes ? '"' : '\'';
        builder.Append([quote]);
        foreach ((int start, int length, bool content) in value.Runs)
        {
            AppendEscaped(builder, value.Text.AsSpan(start, length), quote, content);
        }

        builder.Append([quote]);
    }

    private static void AppendEscaped(TracedBuilder builder, ReadOnlySpan<char> text, char quote, bool content)
    {
        int plain = 0;
        int at = 0;
        while (at < text.Length)
        {
            bool whole = Rune.DecodeFromUtf16(text[at..], out Rune rune, out int units) == System.Buffers.OperationStatus.Done;
            string? escape = whole ? Escape(rune, quote) : $"\\u{(int)text[at]:x4}";
            if (escape is not null)
            {
                builder.Append(text[plain..at], content);
                builder.Append(escape, content);
                plain = at + units;
            }

            at += units;
        }

        builder.Append(text[plain..], content);
    }

    private static string? Escape(Rune rune, char quote)
    {
        int code = rune.Value;
        if (code == quote || code == '\\')
        {
            return $"\\{(char)code}";
        }

        if (IsPrintable(rune))
        {
            return null;
        }

        return code switch
        {
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            < 0x100 => $"\\x{code:x2}",
            < 0x10000 => $"\\u{code:x4}",
            _ => $"\\U{code:x8}",
        };
    }

    /// <summary>Python's <c>isprintable</c> of one code point.</summary>
    public static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
