using System.Text.RegularExpressions;

namespace SafeTuneBed.Sql;

/// <summary>Finds the query in an answer.</summary>
internal static partial class SqlText
{
    /// <summary>The first fenced block, else the text up to the first blank line; of either the first statement, without its semicolon.</summary>
    public static string Extract(string answer)
    {
        Match fence = Fence.Match(answer);
        string text = fence.Success ? fence.Groups["code"].Value : BlankLine.Split(answer.Trim(), 2)[0];
        return FirstStatement(text.Trim());
    }

    // A semicolon within quotes ends nothing.
    private static string FirstStatement(string text)
    {
        char quote = '\0';
        for (int i = 0; i < text.Length; i++)
        {
            if (quote != '\0')
            {
                quote = text[i] == quote ? '\0' : quote;
            }
            else if (text[i] is '\'' or '"' or '`')
            {
                quote = text[i];
            }
            else if (text[i] == ';')
            {
                return text[..i].TrimEnd();
            }
        }

        return text;
    }

    [GeneratedRegex(@"```[A-Za-z]*[ \t]*\r?\n?(?<code>.*?)(?:```|\z)", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Fence { get; }

    [GeneratedRegex(@"\r?\n[ \t]*\r?\n", RegexOptions.CultureInvariant)]
    private static partial Regex BlankLine { get; }
}
