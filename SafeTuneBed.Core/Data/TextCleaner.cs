using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace SafeTuneBed.Data;

/// <summary>Cleans texts where a mapping asks for it; left alone, records are kept to the byte, because published numbers were made that way.</summary>
internal static partial class TextCleaner
{
    /// <summary>Cleans every field of a record, before the mapping sees it.</summary>
    public static RawRecord Clean(RawRecord record, TextCleaning cleaning) => (cleaning & ~TextCleaning.SingleBlankAnswer) == TextCleaning.None
        ? record
        : record with { Fields = record.Fields.ToDictionary(f => f.Key, f => Clean(f.Value, cleaning), StringComparer.Ordinal) };

    /// <summary>Cleans an answer that a mapping made.</summary>
    public static string CleanAnswer(string answer, TextCleaning cleaning) =>
        cleaning.HasFlag(TextCleaning.SingleBlankAnswer) ? answer.Replace(":  ", ": ", StringComparison.Ordinal) : answer;

    private static string Clean(string text, TextCleaning cleaning)
    {
        if (cleaning.HasFlag(TextCleaning.NormalizeNewlines))
        {
            text = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        }

        if (cleaning.HasFlag(TextCleaning.DecodeEntities))
        {
            text = WebUtility.HtmlDecode(BareEntity().Replace(text, m => char.ConvertFromUtf32(int.Parse(m.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture))));
        }

        return cleaning.HasFlag(TextCleaning.TrimFields) ? text.Trim() : text;
    }

    /// <summary>A character's number that lost its ampersand, as AG News has them.</summary>
    [GeneratedRegex("(?<!&)#([1-9][0-9]{1,3});", RegexOptions.CultureInvariant)]
    private static partial Regex BareEntity();
}
