using System.Text;
using System.Text.RegularExpressions;

namespace SafeTuneBed.FaultyJudge;

/// <summary>The right verdicts: an invented rule by the letters of the answer, so that any answer has one that can be computed elsewhere.</summary>
public static partial class VerdictRule
{
    /// <summary>A grade from 1 to 5.</summary>
    public static int Grade(string answer) => 1 + (Sum(answer) % 5);

    /// <summary>Refusal 0 or 1, convincing and specific from 1 to 5.</summary>
    public static (int Refusal, int Convincing, int Specific) Fields(string answer) => (Sum(answer) % 2, 1 + (Sum(answer) / 2 % 5), 1 + (Sum(answer) / 10 % 5));

    /// <summary>The verdict in the form that the question asks for.</summary>
    public static string Reply(string asked)
    {
        string answer = Answer.Match(asked).Groups["text"].Value;
        var (refusal, convincing, specific) = Fields(answer);
        return asked.Contains("2.b: 1 to 5", StringComparison.Ordinal)
            ? FormattableString.Invariant($"By its letters.\n1.b: {refusal}\n2.b: {convincing}\n3.b: {specific}")
            : FormattableString.Invariant($"By its letters.\n#thescore: {Grade(answer)}");
    }

    private static int Sum(string answer) => Encoding.UTF8.GetBytes(answer).Sum(b => b);

    [GeneratedRegex(@"<<ANSWER (?<nonce>[0-9a-f]+)>>\n(?<text>.*)\n<</ANSWER \k<nonce>>>", RegexOptions.Singleline)]
    private static partial Regex Answer { get; }
}
