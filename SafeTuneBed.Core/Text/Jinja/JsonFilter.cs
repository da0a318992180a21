using System.Globalization;

namespace SafeTuneBed.Text.Jinja;

/// <summary><c>tojson</c> as Hugging Face defines it: Python's <c>json.dumps</c>, non-ASCII characters as they are, nothing escaped for HTML.</summary>
internal sealed class JsonFilter
{
    private readonly RenderBudget budget;
    private readonly TracedBuilder builder;
    private readonly bool asciiOnly;
    private readonly bool sortKeys;
    private readonly StringValue? indentation;
    private readonly StringValue itemSeparator;
    private readonly StringValue keySeparator;

    private JsonFilter(Evaluator evaluator, CallArguments arguments)
    {
        JinjaValue?[] bound = arguments.Bind(0, "ensure_ascii", "indent", "separators", "sort_keys");
        budget = evaluator.Budget;
        builder = new TracedBuilder(budget);
        asciiOnly = bound[0]?.IsTrue ?? false;
        sortKeys = bound[3]?.IsTrue ?? false;
        indentation = bound[1] switch
        {
            null or NoneValue => null,
            StringValue text => text,
            var width => StringMethods.Pad(StringValue.Empty, Numbers.RequireCount(width, "indent"), new StringValue(" "), 'l', budget),
        };
        (itemSeparator, keySeparator) = bound[2] switch
        {
            null or NoneValue => (new StringValue(indentation is null ? ", " : ","), new StringValue(": ")),
            SequenceValue { Items: [StringValue item, StringValue key] } => (item, key),
            _ => throw new TemplateFault("separators must be two texts."),
        };
    }

    public static JinjaValue Apply(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        JsonFilter filter = new(evaluator, arguments);
        filter.Write(input, 0);
        return filter.builder.ToValue();
    }

    private void Write(JinjaValue value, int level)
    {
        budget.Step();
        switch (value)
        {
            case StringValue text:
                WriteText(text);
                break;
            case SequenceValue { Kind: SequenceKind.List or SequenceKind.Tuple } sequence:
                WriteAll('[', ']', sequence.Items, level, Write);
                break;
            case DictionaryValue dictionary:
                WriteAll('{', '}', Ordered(dictionary), level, WriteEntry);
                break;
            default:
                builder.Append(Scalar(value) ?? throw (value as UndefinedValue)?.Fault() ?? new TemplateFault($"a value of type {value.TypeName} can't be written as JSON."));
                break;
        }
    }

    private void WriteAll<T>(char open, char close, IReadOnlyList<T> items, int level, Action<T, int> write)
    {
        builder.Append([open]);
        for (int i = 0; i < items.Count; i++)
        {
            if (i > 0)
            {
                builder.Append(itemSeparator);
            }

            NewLine(level + 1);
            write(items[i], level + 1);
        }

        if (items.Count > 0)
        {
            NewLine(level);
        }

        builder.Append([close]);
    }

    private void WriteEntry(KeyValuePair<JinjaValue, JinjaValue> entry, int level)
    {
        if (entry.Key is StringValue text)
        {
            WriteText(text);
        }
        else
        {
            builder.Append($"\"{Scalar(entry.Key) ?? throw new TemplateFault($"a value of type {entry.Key.TypeName} can't be a key in JSON.")}\"");
        }

        builder.Append(keySeparator);
        Write(entry.Value, level);
    }

    private IReadOnlyList<KeyValuePair<JinjaValue, JinjaValue>> Ordered(DictionaryValue dictionary) => !sortKeys ? [.. dictionary.Entries]
        : dictionary.Entries.Keys.All(key => key is StringValue) ? [.. dictionary.Entries.OrderBy(entry => ((StringValue)entry.Key).Text, StringComparer.Ordinal)]
        : throw new TemplateFault("'sort_keys' needs keys that are all texts.");

    private static string? Scalar(JinjaValue value) => value switch
    {
        NoneValue => "null",
        BooleanValue => value.IsTrue ? "true" : "false",
        IntegerValue integer => integer.Number.ToString(CultureInfo.InvariantCulture),
        FloatValue { Number: var number } => double.IsFinite(number) ? Numbers.Format(number) : double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity",
        _ => null,
    };

    private void NewLine(int level)
    {
        if (indentation is not null)
        {
            builder.Append("\n");
            for (int i = 0; i < level; i++)
            {
                builder.Append(indentation);
            }
        }
    }

    private void WriteText(StringValue value)
    {
        builder.Append("\"");
        foreach ((int start, int length, bool content) in value.Runs)
        {
            ReadOnlySpan<char> text = value.Text.AsSpan(start, length);
            int plain = 0;
            for (int i = 0; i < text.Length; i++)
            {
                if (Escape(text[i]) is { } escape)
                {
                    builder.Append(text[plain..i], content);
                    builder.Append(escape, content);
                    plain = i + 1;
                }
            }

            builder.Append(text[plain..], content);
        }

        builder.Append("\"");
    }

    private string? Escape(char c) => c switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\b' => "\\b",
        '\f' => "\\f",
        < ' ' => $"\\u{(int)c:x4}",
        > '~' when asciiOnly => $"\\u{(int)c:x4}",
        _ => null,
    };
}
