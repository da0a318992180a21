using System.Globalization;
using System.Text;

namespace SafeTuneBed.Text.Jinja;

/// <summary>Filters that give numbers.</summary>
internal static class NumberFilters
{
    public static JinjaValue Abs(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        arguments.Bind(0);
        JinjaValue number = RequireNumber(input);
        return Numbers.ToDouble(number) < 0 ? Numbers.Negate(number) : number is FloatValue real ? new FloatValue(Math.Abs(real.Number)) : new IntegerValue(Numbers.ToInteger(number)!.Value);
    }

    public static JinjaValue Int(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        JinjaValue?[] bound = arguments.Bind(0, "default", "base");
        JinjaValue otherwise = bound[0] ?? new IntegerValue(0);
        long radix = bound[1] is null ? 10 : Numbers.RequireInteger(bound[1]!, "base");
        if (input is UndefinedValue undefined)
        {
            throw undefined.Fault();
        }

        if (Numbers.ToInteger(input) is { } integer)
        {
            return new IntegerValue(integer);
        }

        // A text that is no integer may still be a number, whose fraction is cut off.
        if (input is StringValue text && ParseInteger(Plain(text.Text), radix) is { } parsed)
        {
            return new IntegerValue(parsed);
        }

        double? number = input switch
        {
            FloatValue real => real.Number,
            StringValue other => ParseFloat(Plain(other.Text)),
            _ => null,
        };
        return number is not { } value || !double.IsFinite(value) ? otherwise
            : Math.Abs(value) < 9.2e18 ? new IntegerValue((long)value)
            : throw new TemplateFault("the number lies outside of 64-bit integers.");
    }

    public static JinjaValue Float(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        JinjaValue otherwise = arguments.Bind(0, "default")[0] ?? new FloatValue(0);
        return input switch
        {
            UndefinedValue undefined => throw undefined.Fault(),
            StringValue text => ParseFloat(Plain(text.Text)) is { } number ? new FloatValue(number) : otherwise,
            _ => Numbers.IsNumber(input) ? new FloatValue(Numbers.ToDouble(input)) : otherwise,
        };
    }

    public static JinjaValue Round(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        JinjaValue?[] bound = arguments.Bind(0, "precision", "method");
        int digits = bound[0] is null ? 0 : Math.Clamp(Numbers.RequireCount(bound[0]!, "precision"), -400, 400);
        string method = bound[1] is null ? "common" : StringMethods.RequireText(bound[1]!, "method").Text;
        JinjaValue number = RequireNumber(input);
        if (method is "ceil" or "floor")
        {
            double unit = Math.Pow(10, digits);
            double scaled = Numbers.ToDouble(number) * unit;
            return unit == 0 || !double.IsFinite(scaled)
                ? throw new TemplateFault("a number can't be rounded to that precision.")
                : new FloatValue((method == "ceil" ? Math.Ceiling(scaled) : Math.Floor(scaled)) / unit);
        }

        if (method != "common")
        {
            throw new TemplateFault("the method of 'round' must be 'common', 'ceil' or 'floor'.");
        }

        try
        {
            return number is FloatValue real ? new FloatValue(FixedPoint.Round(real.Number, digits)) : new IntegerValue(FixedPoint.Round(Numbers.ToInteger(number)!.Value, digits));
        }
        catch (OverflowException)
        {
            throw new TemplateFault("the rounded number lies outside of 64-bit integers.");
        }
    }

    public static JinjaValue Sum(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        JinjaValue?[] bound = arguments.Bind(0, "attribute", "start");
        JinjaValue total = bound[1] ?? new IntegerValue(0);
        if (total is StringValue)
        {
            throw new TemplateFault("'sum' adds no texts. Use 'join'.");
        }

        foreach (JinjaValue item in input.RequireItems(evaluator.Budget))
        {
            total = Arithmetic.Calculate("+", total, AttributePath.Resolve(bound[0], item), evaluator);
        }

        return total;
    }

    private static JinjaValue RequireNumber(JinjaValue value) => Numbers.IsNumber(value) ? value
        : throw (value as UndefinedValue)?.Fault() ?? new TemplateFault($"a number is needed, not a value of type {value.TypeName}.");

    // Blanks around it and single underscores between digits don't matter; null where an underscore stands elsewhere.
    private static string? Plain(string text)
    {
        string trimmed = TextFinder.Trim(text);
        StringBuilder plain = new(trimmed.Length);
        for (int i = 0; i < trimmed.Length; i++)
        {
            if (trimmed[i] != '_')
            {
                plain.Append(trimmed[i]);
            }
            else if (i == 0 || i + 1 == trimmed.Length || !char.IsAsciiLetterOrDigit(trimmed[i - 1]) || !char.IsAsciiLetterOrDigit(trimmed[i + 1]))
            {
                return null;
            }
        }

        return plain.ToString();
    }

    private static long? ParseInteger(string? text, long radix)
    {
        if (string.IsNullOrEmpty(text) || radix is < 2 or > 36)
        {
            return null;
        }

        bool negative = text[0] == '-';
        int start = text[0] is '-' or '+' ? 1 : 0;
        string prefix = radix == 16 ? "0x" : radix == 8 ? "0o" : radix == 2 ? "0b" : "";
        if (prefix.Length > 0 && text.AsSpan(start).StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
        {
            start += 2;
        }

        Int128 value = 0;
        for (int i = start; i < text.Length; i++)
        {
            int digit = char.IsAsciiDigit(text[i]) ? text[i] - '0' : char.IsAsciiLetter(text[i]) ? char.ToLowerInvariant(text[i]) - 'a' + 10 : int.MaxValue;
            if (digit >= radix)
            {
                return null;
            }

            value = (value * (int)radix) + digit;
            if (value > (Int128)long.MaxValue + 1)
            {
                throw new TemplateFault("the number lies outside of 64-bit integers.");
            }
        }

        value = negative ? -value : value;
        return start == text.Length ? null : value <= long.MaxValue ? (long)value : throw new TemplateFault("the number lies outside of 64-bit integers.");
    }

    private static double? ParseFloat(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        string word = text.TrimStart('+', '-').ToLowerInvariant();
        bool signed = text.Length - word.Length <= 1;
        if (signed && word is "inf" or "infinity" or "nan")
        {
            return word == "nan" ? double.NaN : text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
        }

        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        bool digits = text.All(c => char.IsAsciiDigit(c) || c is '+' or '-' or '.' or 'e' or 'E');
        return digits && double.TryParse(text, Style, CultureInfo.InvariantCulture, out double number) ? number : null;
    }
}
