using System.Globalization;
using System.Text;

namespace SafeTuneBed.Text.Jinja;

/// <summary>Backslash escapes of Python's texts.</summary>
internal static class TextEscapes
{
    /// <summary>Resolves the escapes; an unknown one keeps its backslash. <paramref name="fault"/> makes the exception for a broken one.</summary>
    public static string Resolve(string raw, Func<string, Exception> fault)
    {
        if (!raw.Contains('\\', StringComparison.Ordinal))
        {
            return raw;
        }

        StringBuilder result = new(raw.Length);
        int at = 0;
        while (at < raw.Length)
        {
            char c = raw[at++];
            if (c != '\\')
            {
                result.Append(c);
                continue;
            }

            char escape = raw[at++];
            switch (escape)
            {
                case '\n':
                    break;
                case 'x':
                    AppendCode(result, raw, ref at, 2, fault);
                    break;
                case 'u':
                    AppendCode(result, raw, ref at, 4, fault);
                    break;
                case 'U':
                    AppendCode(result, raw, ref at, 8, fault);
                    break;
                case 'N':
                    throw fault("\\N{...} escapes are not supported. Write the character itself, or \\uXXXX.");
                case >= '0' and <= '7':
                    AppendOctal(result, raw, ref at);
                    break;
                default:
                    result.Append(Simple(escape));
                    break;
            }
        }

        return result.ToString();
    }

    private static string Simple(char escape) => escape switch
    {
        '\\' or '\'' or '"' => escape.ToString(),
        'n' => "\n",
        'r' => "\r",
        't' => "\t",
        'a' => "\a",
        'b' => "\b",
        'f' => "\f",
        'v' => "\v",
        _ => $"\\{escape}",
    };

    private static void AppendCode(StringBuilder result, string raw, ref int at, int digits, Func<string, Exception> fault)
    {
        if (at + digits > raw.Length || !uint.TryParse(raw.AsSpan(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint code) || code > 0x10FFFF)
        {
            throw fault($"an escape in the text needs {digits} hexadecimal digits and a code up to 10FFFF.");
        }

        at += digits;
        if (code < 0x10000)
        {
            result.Append((char)code);
        }
        else
        {
            result.Append(char.ConvertFromUtf32((int)code));
        }
    }

    private static void AppendOctal(StringBuilder result, string raw, ref int at)
    {
        int code = raw[at - 1] - '0';
        for (int digits = 1; digits < 3 && at < raw.Length && raw[at] is >= '0' and <= '7'; digits++)
        {
            code = (code * 8) + raw[at++] - '0';
        }

        result.Append((char)code);
    }
}
