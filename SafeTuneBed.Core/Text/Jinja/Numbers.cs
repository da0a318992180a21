using System.Globalization;

namespace SafeTuneBed.Text.Jinja;

/// <summary>Python's arithmetic on integers, floats and truth values.</summary>
internal static class Numbers
{
    public static bool IsNumber(JinjaValue value) => value is BooleanValue or IntegerValue or FloatValue;

    /// <summary>The integer of an integer or truth value, or null.</summary>
    public static long? ToInteger(JinjaValue value) => value switch
    {
        IntegerValue integer => integer.Number,
        BooleanValue boolean => boolean.IsTrue ? 1 : 0,
        _ => null,
    };

    /// <summary>An integer argument, or a fault that names it.</summary>
    public static long RequireInteger(JinjaValue value, string what) => value is UndefinedValue undefined
        ? throw undefined.Fault()
        : ToInteger(value) ?? throw new TemplateFault($"{what} must be an integer, not a value of type {value.TypeName}.");

    /// <summary>An integer argument within 32 bits; what lies outside is brought to the nearest end.</summary>
    public static int RequireCount(JinjaValue value, string what) => (int)Math.Clamp(RequireInteger(value, what), int.MinValue, int.MaxValue);

    /// <summary>A number as double.</summary>
    public static double ToDouble(JinjaValue value) => value is FloatValue number ? number.Number : ToInteger(value) ?? throw new TemplateFault($"a value of type {value.TypeName} is no number.");

    /// <summary>Order of two numbers; null when one is no number or NaN.</summary>
    public static int? TryCompare(JinjaValue left, JinjaValue right)
    {
        if (ToInteger(left) is { } a && ToInteger(right) is { } b)
        {
            return a.CompareTo(b);
        }

        if (!IsNumber(left) || !IsNumber(right))
        {
            return null;
        }

        double x = ToDouble(left);
        double y = ToDouble(right);
        if (double.IsNaN(x) || double.IsNaN(y))
        {
            return null;
        }

        // Where an integer is too large for a double, the double is compared as an exact integer.
        if (x == y && Math.Abs(x) >= 9007199254740992 && (ToInteger(left) ?? ToInteger(right)) is { } exact)
        {
            Int128 other = (Int128)x;
            return ToInteger(left) is null ? other.CompareTo(exact) : ((Int128)exact).CompareTo(other);
        }

        return x.CompareTo(y);
    }

    /// <summary>One of + - * / // % ** on two numbers.</summary>
    public static JinjaValue Calculate(string symbol, JinjaValue left, JinjaValue right)
    {
        try
        {
            return ToInteger(left) is { } a && ToInteger(right) is { } b ? OnIntegers(symbol, a, b) : new FloatValue(OnDoubles(symbol, ToDouble(left), ToDouble(right)));
        }
        catch (OverflowException)
        {
            throw new TemplateFault($"the result of '{symbol}' lies outside of 64-bit integers. Use smaller numbers.");
        }
    }

    public static JinjaValue Negate(JinjaValue value) => ToInteger(value) is { } integer ? Calculate("-", BooleanValue.False, new IntegerValue(integer)) : new FloatValue(-ToDouble(value));

    /// <summary>Python's <c>repr</c> of a float: the shortest digits that read back as the same number.</summary>
    public static string Format(double number)
    {
        if (double.IsNaN(number))
        {
            return "nan";
        }

        if (double.IsInfinity(number))
        {
            return number > 0 ? "inf" : "-inf";
        }

        (string digits, int exponent) = Digits(number.ToString("R", CultureInfo.InvariantCulture));
        string sign = double.IsNegative(number) ? "-" : "";
        if (exponent is < -4 or >= 16)
        {
            string mantissa = digits.Length == 1 ? digits : $"{digits[0]}.{digits[1..]}";
            return $"{sign}{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }

        if (exponent < 0)
        {
            return $"{sign}0.{new string('0', -exponent - 1)}{digits}";
        }

        string padded = digits.PadRight(exponent + 1, '0');
        return $"{sign}{padded[..(exponent + 1)]}.{(padded.Length > exponent + 1 ? padded[(exponent + 1)..] : "0")}";
    }

    // Significant digits and the decimal exponent of the first, from any invariant notation.
    private static (string Digits, int Exponent) Digits(string text)
    {
        int e = text.IndexOf('E', StringComparison.Ordinal);
        int exponent = e < 0 ? 0 : int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        string mantissa = (e < 0 ? text : text[..e]).TrimStart('-');
        int point = mantissa.IndexOf('.', StringComparison.Ordinal);
        string whole = point < 0 ? mantissa : mantissa[..point];
        string all = whole + (point < 0 ? "" : mantissa[(point + 1)..]);
        string leading = all.TrimStart('0');
        return leading.Length == 0 ? ("0", 0) : (leading.TrimEnd('0'), exponent + whole.Length - 1 - (all.Length - leading.Length));
    }

    private static JinjaValue OnIntegers(string symbol, long a, long b) => checked(symbol switch
    {
        "+" => new IntegerValue(a + b),
        "-" => new IntegerValue(a - b),
        "*" => new IntegerValue(a * b),
        "/" => new FloatValue(a / (double)NotZero(b)),
        "//" => new IntegerValue(FloorDivide(a, NotZero(b))),
        "%" => new IntegerValue(Modulo(a, NotZero(b))),
        _ => b < 0 ? new FloatValue(OnDoubles(symbol, a, b)) : new IntegerValue(Power(a, b)),
    });

    private static double OnDoubles(string symbol, double a, double b) => symbol switch
    {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / NotZero(b),
        "//" => Math.Floor((a - Modulo(a, NotZero(b))) / b),
        "%" => Modulo(a, NotZero(b)),
        _ => Power(a, b),
    };

    private static long FloorDivide(long a, long b)
    {
        long quotient = checked(a / b);
        return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
    }

    private static long Modulo(long a, long b)
    {
        if (b == -1)
        {
            return 0;
        }

        long rest = a % b;
        return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
    }

    private static double Modulo(double a, double b)
    {
        double rest = a % b;
        if (rest != 0)
        {
            return (rest < 0) != (b < 0) ? rest + b : rest;
        }

        return Math.CopySign(0, b);
    }

    private static long Power(long a, long b)
    {
        long result = 1;
        while (b > 0)
        {
            if ((b & 1) == 1)
            {
                result = checked(result * a);
            }

            b >>= 1;
            if (b > 0)
            {
                a = checked(a * a);
            }
        }

        return result;
    }

    private static double Power(double a, double b)
    {
        if (a == 0 && b < 0)
        {
            throw new TemplateFault("zero can't be raised to a negative power.");
        }

        if (a < 0 && double.IsFinite(a) && double.IsFinite(b) && b != Math.Floor(b))
        {
            throw new TemplateFault("a negative number raised to a fraction is no real number.");
        }

        double result = Math.Pow(a, b);
        return double.IsInfinity(result) && double.IsFinite(a) && double.IsFinite(b) ? throw new OverflowException() : result;
    }

    private static long NotZero(long value) => value != 0 ? value : throw new TemplateFault("division by zero.");

    private static double NotZero(double value) => value != 0 ? value : throw new TemplateFault("division by zero.");
}
