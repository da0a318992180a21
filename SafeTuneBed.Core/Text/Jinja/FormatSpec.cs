using System.Globalization;

namespace SafeTuneBed.Text.Jinja;

/// <summary>How one value shall look: what stands behind the '%' of a format, or behind the ':' of a field.</summary>
internal sealed record FormatSpec
{
    // A number has at most some 300 digits before the point and 1,074 behind it; the rest is padding.
    private const int MaxPrecision = 1_000;

    public char Fill { get; init; } = ' ';

    /// <summary>'&lt;', '&gt;', '^' or '='; 0 where the kind of value decides.</summary>
    public char Align { get; init; }

    /// <summary>'+' or ' ' before numbers that are not negative; 0 for nothing.</summary>
    public char Sign { get; init; }

    public bool Alternate { get; init; }

    public int Width { get; init; }

    /// <summary>',' or '_' between thousands; 0 for nothing.</summary>
    public char Grouping { get; init; }

    public int? Precision { get; init; }

    /// <summary>The kind of presentation: d i u x X o b c e E f F g G %; 0 where the kind of value decides.</summary>
    public char Type { get; init; }

    /// <summary>A number as text.</summary>
    public StringValue FormatNumber(JinjaValue value, RenderBudget budget)
    {
        if (Precision > MaxPrecision)
        {
            throw new TemplateFault($"a precision above {MaxPrecision} is not supported.");
        }

        bool negative;
        string digits;
        if (Type is 'd' or 'i' or 'u' or 'x' or 'X' or 'o' or 'b' || (Type == '\0' && value is not FloatValue))
        {
            long number = value is FloatValue { Number: var real } ? Truncate(real) : Numbers.ToInteger(value)!.Value;
            negative = number < 0;
            digits = Magnitude(negative ? 0 - (UInt128)(Int128)number : (UInt128)number).PadLeft(Precision ?? 0, '0');
        }
        else
        {
            double number = Numbers.ToDouble(value);
            negative = double.IsNegative(number);
            digits = Real(Math.Abs(number));
        }

        if (Grouping != '\0')
        {
            digits = Group(digits);
        }

        string sign = negative ? "-" : Sign == '\0' ? "" : Sign.ToString();
        string prefix = !Alternate ? "" : Type switch { 'x' => "0x", 'X' => "0X", 'o' => "0o", 'b' => "0b", _ => "" };
        if (Align == '=')
        {
            int missing = Width - sign.Length - prefix.Length - digits.Length;
            budget.Characters(Math.Max(0, missing));
            return new StringValue(sign + prefix + new string(Fill, Math.Max(0, missing)) + digits);
        }

        return Pad(new StringValue(sign + prefix + digits), '>', budget);
    }

    /// <summary>A text, cut to the precision and padded to the width.</summary>
    public StringValue FormatText(StringValue text, RenderBudget budget, char align = '<') =>
        Pad(Precision is { } most && most < text.Length ? text.CodePoints(0, most) : text, align, budget);

    private StringValue Pad(StringValue text, char align, RenderBudget budget) => (Align == '\0' ? align : Align) switch
    {
        '<' or '=' => StringMethods.Pad(text, Width, new StringValue(Fill.ToString()), 'l', budget),
        '>' => StringMethods.Pad(text, Width, new StringValue(Fill.ToString()), 'r', budget),
        _ => PadCenter(text, budget),
    };

    // Formats put the odd blank to the right, the method 'center' does not always.
    private StringValue PadCenter(StringValue text, RenderBudget budget)
    {
        StringValue fill = new(Fill.ToString());
        int missing = Math.Max(0, Width - text.Length!.Value);
        StringValue left = StringMethods.Pad(text, text.Length.Value + (missing / 2), fill, 'r', budget);
        return StringMethods.Pad(left, Width, fill, 'l', budget);
    }

    private static long Truncate(double number) =>
        double.IsFinite(number) && Math.Abs(number) < 9.2e18 ? (long)number : throw new TemplateFault("the number is too large to be shown as an integer.");

    private string Magnitude(UInt128 number) => Type switch
    {
        'x' => number.ToString("x", CultureInfo.InvariantCulture),
        'X' => number.ToString("X", CultureInfo.InvariantCulture),
        'b' => number.ToString("b", CultureInfo.InvariantCulture),
        'o' => Octal(number),
        _ => number.ToString(CultureInfo.InvariantCulture),
    };

    private static string Octal(UInt128 number)
    {
        string digits = "";
        do
        {
            digits = (char)('0' + (int)(number % 8)) + digits;
            number /= 8;
        }
        while (number > 0);
        return digits;
    }

    private string Real(double number)
    {
        if (!double.IsFinite(number))
        {
            string name = Numbers.Format(number);
            return char.IsUpper(Type) ? name.ToUpperInvariant() : Type == '%' ? name + "%" : name;
        }

        int precision = Precision ?? 6;
        return Type switch
        {
            'e' or 'E' => Exponent(number, precision, Type),
            'f' or 'F' => FixedPoint.Format(number, precision),
            '%' => FixedPoint.Format(number * 100, precision) + "%",
            '\0' when Precision is null => Numbers.Format(number),
            _ => General(number, Math.Max(1, precision)),
        };
    }

    private static string Exponent(double number, int precision, char letter)
    {
        string text = number.ToString($"e{precision}", CultureInfo.InvariantCulture);
        int at = text.IndexOf('e', StringComparison.Ordinal);
        int exponent = int.Parse(text.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return $"{text[..at]}{letter}{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
    }

    private string General(double number, int precision)
    {
        char letter = Type == 'G' ? 'E' : 'e';
        string scientific = Exponent(number, precision - 1, letter);
        int at = scientific.IndexOf(letter, StringComparison.Ordinal);
        int exponent = int.Parse(scientific.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        bool isFixed = exponent >= -4 && exponent < precision;
        string mantissa = isFixed ? FixedPoint.Format(number, precision - 1 - exponent) : scientific[..at];
        if (!Alternate && mantissa.Contains('.', StringComparison.Ordinal))
        {
            mantissa = mantissa.TrimEnd('0').TrimEnd('.');
        }

        string whole = Type == '\0' && isFixed && !mantissa.Contains('.', StringComparison.Ordinal) ? mantissa + ".0" : mantissa;
        return isFixed ? whole : mantissa + scientific[at..];
    }

    private string Group(string digits)
    {
        int end = digits.IndexOfAny(['.', 'e', 'E', '%']);
        string whole = end < 0 ? digits : digits[..end];
        for (int at = whole.Length - 3; at > 0; at -= 3)
        {
            whole = whole.Insert(at, Grouping.ToString());
        }

        return end < 0 ? whole : whole + digits[end..];
    }
}
