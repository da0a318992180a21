using System.Globalization;
using System.Numerics;

namespace SafeTuneBed.Text.Jinja;

/// <summary>Decimal digits of a double, exact, ties to even: .NET's own formats round ties away from zero, Python's don't.</summary>
internal static class FixedPoint
{
    /// <summary>A finite number with so many digits behind the point.</summary>
    public static string Format(double value, int digits)
    {
        string all = Scaled(Math.Abs(value), digits).ToString(CultureInfo.InvariantCulture).PadLeft(digits + 1, '0');
        string sign = double.IsNegative(value) ? "-" : "";
        return digits == 0 ? sign + all : $"{sign}{all[..^digits]}.{all[^digits..]}";
    }

    /// <summary>Python's <c>round</c>; negative digits round before the point.</summary>
    public static double Round(double value, int digits)
    {
        // Beyond these every double is exact, or nothing is left of it.
        if (!double.IsFinite(value) || digits > 330)
        {
            return value;
        }

        if (digits >= 0)
        {
            return double.Parse(Format(value, digits), CultureInfo.InvariantCulture);
        }

        return digits < -310 ? Math.CopySign(0, value)
            : Math.CopySign(double.Parse($"{Scaled(Math.Abs(value), digits)}e{-digits}", NumberStyles.Float, CultureInfo.InvariantCulture), value);
    }

    /// <summary>An integer rounded before the point, ties to even.</summary>
    public static long Round(long value, int negativeDigits)
    {
        if (negativeDigits >= 0)
        {
            return value;
        }

        BigInteger unit = BigInteger.Pow(10, Math.Min(-negativeDigits, 20));
        return (long)(Divide(BigInteger.Abs(value), unit) * unit * Math.Sign(value));
    }

    // value * 10^digits as an integer.
    private static BigInteger Scaled(double value, int digits)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)((bits >> 52) & 0x7FF);
        BigInteger numerator = exponent == 0 ? bits & 0xFFFFFFFFFFFFF : (bits & 0xFFFFFFFFFFFFF) | 0x10000000000000;
        int power = (exponent == 0 ? 1 : exponent) - 1075;
        BigInteger denominator = BigInteger.One;
        if (power >= 0)
        {
            numerator <<= power;
        }
        else
        {
            denominator <<= -power;
        }

        if (digits >= 0)
        {
            numerator *= BigInteger.Pow(10, digits);
        }
        else
        {
            denominator *= BigInteger.Pow(10, -digits);
        }

        return Divide(numerator, denominator);
    }

    private static BigInteger Divide(BigInteger numerator, BigInteger denominator)
    {
        BigInteger quotient = BigInteger.DivRem(numerator, denominator, out BigInteger rest);
        int half = (rest * 2).CompareTo(denominator);
        return half > 0 || (half == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
    }
}
