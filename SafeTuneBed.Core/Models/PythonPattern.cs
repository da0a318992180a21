using System.Text;
using System.Text.RegularExpressions;

namespace SafeTuneBed.Models;

/// <summary>Python's regular expressions, in which PEFT names modules, as .NET's.</summary>
/// <remarks>What is written otherwise is translated: named groups and their references, <c>\Z</c>, <c>{,n}</c>, and a bracket inside a character class.</remarks>
internal static class PythonPattern
{
    // Patterns come from files of others: one that backtracks without end must not hang the process.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    /// <summary>As <c>re.fullmatch</c>: the whole text.</summary>
    /// <exception cref="ConfigurationException">It is no regular expression.</exception>
    public static Regex Full(string pattern) => Compile(pattern, @"\A(?:", @")\z");

    /// <summary>As PEFT looks up a pattern's key: the whole text, or its end behind a dot.</summary>
    /// <exception cref="ConfigurationException">It is no regular expression.</exception>
    public static Regex End(string pattern) => Compile(pattern, @"\A(?:.*\.)?(?:", ")$");

    /// <summary>As PEFT finds a block's number, in group <c>block</c>: behind the last dot, the given name and a dot.</summary>
    /// <exception cref="ConfigurationException">It is no regular expression.</exception>
    public static Regex Block(string pattern) => Compile(pattern, @"\A.*\.(?:", @")\.(?<block>\d+)\.");

    /// <summary>What is wrong with a pattern, or null.</summary>
    public static string? Fault(string pattern)
    {
        try
        {
            _ = Full(pattern);
            return null;
        }
        catch (ConfigurationException e)
        {
            return e.Message;
        }
    }

    private static Regex Compile(string pattern, string before, string after)
    {
        try
        {
            string own = Translate(pattern);
            _ = new Regex(own, RegexOptions.CultureInvariant); // by itself: brackets that only balance within what is put around it are a fault
            return new Regex(before + own + after, RegexOptions.CultureInvariant, Longest);
        }
        catch (ArgumentException e)
        {
            throw new ConfigurationException($"{ModelFaults.Quote(pattern)} is not a regular expression: {e.Message.TrimEnd('.')}. Write it as Python's re module wants it, or name the modules in a list.", e);
        }
    }

    private static string Translate(string pattern)
    {
        var text = new StringBuilder(pattern.Length);
        bool inClass = false;
        for (int i = 0; i < pattern.Length; i++)
        {
            ReadOnlySpan<char> rest = pattern.AsSpan(i);
            if (rest[0] == '\\' && rest.Length > 1)
            {
                text.Append(!inClass && rest[1] == 'Z' ? @"\z" : pattern.Substring(i, 2));
                i++;
            }
            else if (inClass)
            {
                inClass = rest[0] != ']';
                text.Append(rest[0] == '[' ? @"\[" : rest[0].ToString());
            }
            else if (rest[0] == '[')
            {
                // A closing bracket that comes first stands for itself.
                int first = rest.StartsWith("[^]") || rest.StartsWith("[]") ? rest.IndexOf(']') + 1 : rest.StartsWith("[^") ? 2 : 1;
                text.Append(rest[..first].ToString().Replace("]", @"\]", StringComparison.Ordinal));
                (inClass, i) = (true, i + first - 1);
            }
            else if (rest.StartsWith("(?P<"))
            {
                text.Append("(?<");
                i += 3;
            }
            else if (rest.StartsWith("(?P=") && rest.IndexOf(')') is var end and > 0)
            {
                text.Append(@"\k<").Append(rest[4..end]).Append('>');
                i += end;
            }
            else if (rest.StartsWith("{,"))
            {
                text.Append("{0,");
                i++;
            }
            else
            {
                text.Append(rest[0]);
            }
        }

        return text.ToString();
    }
}
