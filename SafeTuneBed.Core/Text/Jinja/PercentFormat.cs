namespace SafeTuneBed.Text.Jinja;

/// <summary>Python's <c>format % values</c>.</summary>
internal sealed class PercentFormat
{
    private readonly StringValue format;
    private readonly RenderBudget budget;
    private readonly DictionaryValue? named;
    private readonly bool mayHaveMore;
    private readonly IReadOnlyList<JinjaValue> values;
    private int used;
    private int at;

    private PercentFormat(StringValue format, JinjaValue arguments, RenderBudget budget)
    {
        this.format = format;
        this.budget = budget;
        named = arguments as DictionaryValue;

        // Python minds unused values only where they can't be looked up by key, and takes lists for something that can.
        mayHaveMore = arguments is DictionaryValue or UndefinedValue or SequenceValue { Kind: SequenceKind.List or SequenceKind.Range };
        values = arguments is SequenceValue { Kind: SequenceKind.Tuple } tuple ? tuple.Items : [arguments];
    }

    /// <summary>Puts one value, a tuple of values, or a dictionary's values into a format.</summary>
    public static StringValue Apply(StringValue format, JinjaValue arguments, RenderBudget budget) => new PercentFormat(format, arguments, budget).Run();

    private StringValue Run()
    {
        string text = format.Text;
        TracedBuilder builder = new(budget);
        while (at < text.Length)
        {
            int next = text.IndexOf('%', at);
            next = next < 0 ? text.Length : next;
            builder.Append(format, at, next - at);
            at = next + 1;
            if (next < text.Length)
            {
                builder.Append(ReadField());
            }
        }

        return used < values.Count && !mayHaveMore ? throw new TemplateFault("the format has fewer fields than there are values.") : builder.ToValue();
    }

    private StringValue ReadField()
    {
        string? key = ReadKey();
        FormatSpec spec = ReadSpec();
        char type = Peek();
        at++;
        spec = spec with { Type = type };
        if (type == '%')
        {
            return new StringValue("%");
        }

        JinjaValue value = key is null ? NextValue()
            : named?.Find(new StringValue(key)) ?? throw new TemplateFault("the format names a field that the values don't have.");
        switch (type)
        {
            case 's':
                return spec.FormatText(PythonText.ToText(value, budget), budget, '>');
            case 'r' or 'a':
                TracedBuilder shown = new(budget);
                PythonText.AppendRepresentation(shown, value, budget);
                return spec.FormatText(shown.ToValue(), budget, '>');
            case 'c':
                return spec.FormatText(value as StringValue ?? Character(value), budget, '>');
            case 'd' or 'i' or 'u' or 'x' or 'X' or 'o' or 'e' or 'E' or 'f' or 'F' or 'g' or 'G':
                return Numbers.IsNumber(value) && (value is not FloatValue || type is not ('x' or 'X' or 'o'))
                    ? spec.FormatNumber(value, budget)
                    : throw (value as UndefinedValue)?.Fault() ?? new TemplateFault($"'%{type}' can't show a value of type {value.TypeName}.");
            default:
                throw new TemplateFault("a '%' of the format is followed by no known field. Write '%%' for the character itself.");
        }
    }

    private JinjaValue NextValue()
    {
        if (used >= values.Count)
        {
            throw new TemplateFault("the format has more fields than there are values.");
        }

        return values[used++];
    }

    private static StringValue Character(JinjaValue value)
    {
        long code = Numbers.RequireInteger(value, "the value of '%c'");
        return code is >= 0 and <= 0x10FFFF and not (>= 0xD800 and <= 0xDFFF)
            ? new StringValue(char.ConvertFromUtf32((int)code))
            : throw new TemplateFault("the value of '%c' is no character.");
    }

    private string? ReadKey()
    {
        if (Peek() != '(')
        {
            return null;
        }

        int end = format.Text.IndexOf(')', at);
        if (end < 0)
        {
            throw new TemplateFault("the name of a field in the format is not closed with ')'.");
        }

        string key = format.Text[(at + 1)..end];
        at = end + 1;
        return key;
    }

    private FormatSpec ReadSpec()
    {
        FormatSpec spec = new();
        for (; Peek() is '-' or '+' or ' ' or '#' or '0'; at++)
        {
            spec = Peek() switch
            {
                '-' => spec with { Align = '<' },
                '0' => spec with { Fill = '0' },
                '#' => spec with { Alternate = true },
                var sign => spec with { Sign = sign == '+' || spec.Sign == '+' ? '+' : ' ' },
            };
        }

        spec = spec with { Width = ReadNumber() ?? 0 };
        if (Peek() == '.')
        {
            at++;
            spec = spec with { Precision = ReadNumber() ?? 0 };
        }

        // Zeros fill numbers between sign and digits, unless they stand at the left; texts never.
        char type = Peek();
        bool zeros = spec.Fill == '0' && spec.Align != '<' && type is not ('s' or 'r' or 'a' or 'c');
        return zeros ? spec with { Align = '=' } : spec with { Fill = ' ' };
    }

    private int? ReadNumber()
    {
        int start = at;
        long number = 0;
        while (char.IsAsciiDigit(Peek()))
        {
            number = Math.Min((number * 10) + Peek() - '0', int.MaxValue);
            at++;
        }

        return at > start ? (int)number : null;
    }

    private char Peek() => at < format.Text.Length ? format.Text[at] : '\0';
}
