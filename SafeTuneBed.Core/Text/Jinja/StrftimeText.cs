using System.Globalization;

namespace SafeTuneBed.Text.Jinja;

/// <summary>Python's <c>strftime</c> with English names.</summary>
internal static class StrftimeText
{
    public static StringValue Format(string format, DateTimeOffset time, RenderBudget budget)
    {
        TracedBuilder builder = new(budget);
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                builder.Append([format[i]]);
                continue;
            }

            // '-' drops leading zeros, as on Linux.
            bool bare = format[i + 1] == '-' && i + 2 < format.Length;
            i += bare ? 2 : 1;
            string part = Field(format[i], time) ?? throw new TemplateFault($"the field '%{format[i]}' of a date is not supported.");
            builder.Append(bare && part.TrimStart('0', ' ') is { Length: > 0 } trimmed && char.IsAsciiDigit(trimmed[0]) ? trimmed : bare && part.All(c => c == '0') ? "0" : part);
        }

        return builder.ToValue();
    }

    private static string? Field(char letter, DateTimeOffset time) => letter switch
    {
        'Y' => Text(time, "yyyy"),
        'y' => Text(time, "yy"),
        'm' => Text(time, "MM"),
        'B' => Text(time, "MMMM"),
        'b' or 'h' => Text(time, "MMM"),
        'd' => Text(time, "dd"),
        'e' => time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
        'j' => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
        'A' => Text(time, "dddd"),
        'a' => Text(time, "ddd"),
        'w' => ((int)time.DayOfWeek).ToString(CultureInfo.InvariantCulture),
        'u' => (time.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)time.DayOfWeek).ToString(CultureInfo.InvariantCulture),
        'H' => Text(time, "HH"),
        'I' => Text(time, "hh"),
        'p' => time.Hour < 12 ? "AM" : "PM",
        'M' => Text(time, "mm"),
        'S' => Text(time, "ss"),
        'f' => Text(time, "ffffff"),
        // The clock's time has no zone of its own, as Python's datetime.now().
        'z' or 'Z' => "",
        'D' or 'x' => Text(time, "MM/dd/yy"),
        'F' => Text(time, "yyyy-MM-dd"),
        'T' or 'X' => Text(time, "HH:mm:ss"),
        'R' => Text(time, "HH:mm"),
        'c' => $"{Text(time, "ddd MMM")} {time.Day.ToString(CultureInfo.InvariantCulture),2} {Text(time, "HH:mm:ss yyyy")}",
        'V' => ISOWeek.GetWeekOfYear(time.DateTime).ToString("00", CultureInfo.InvariantCulture),
        'G' => ISOWeek.GetYear(time.DateTime).ToString("0000", CultureInfo.InvariantCulture),
        'U' => ((time.DayOfYear + 6 - (int)time.DayOfWeek) / 7).ToString("00", CultureInfo.InvariantCulture),
        'W' => ((time.DayOfYear + 6 - (((int)time.DayOfWeek + 6) % 7)) / 7).ToString("00", CultureInfo.InvariantCulture),
        'n' => "\n",
        't' => "\t",
        '%' => "%",
        _ => null,
    };

    private static string Text(DateTimeOffset time, string pattern) => time.ToString(pattern, CultureInfo.InvariantCulture);
}
