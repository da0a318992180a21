using System.Text;

namespace SafeTuneBed.Mmlu;

/// <summary>The texts of the protocols, to the letter: numbers depend on each blank.</summary>
internal static class MmluPrompt
{
    /// <summary>
    /// As lm-evaluation-harness writes it: a heading with the subject, examples with their letters, the question. Questions are trimmed, options are not.
    /// </summary>
    /// <param name="item">The question.</param>
    /// <param name="shots">Examples at most.</param>
    public static string Harness(MmluItem item, int shots) => Build(item, shots, $"about {item.Subject.Replace('_', ' ')}.", q => Trim(q.Question));

    /// <summary>As the script of Hendrycks et al. writes it: two blanks before the subject, nothing trimmed.</summary>
    public static string Hendrycks(MmluItem item, int shots) => Build(item, shots, $"about  {item.Subject.Replace('_', ' ')}.", q => q.Question);

    /// <summary>As the Python SafeTuneBed asks: no heading, no examples.</summary>
    public static string Reference(MmluItem item) => Block(item, "Question: " + item.Question);

    private static string Build(MmluItem item, int shots, string about, Func<MmluItem, string> question)
    {
        var text = new StringBuilder("The following are multiple choice questions (with answers) ").Append(about).Append("\n\n");
        foreach (MmluItem example in item.Examples.Take(shots))
        {
            text.Append(Block(example, question(example))).Append(' ').Append(MmluItem.Letters[example.Answer]).Append("\n\n");
        }

        return text.Append(Block(item, question(item))).ToString();
    }

    private static string Block(MmluItem item, string question)
    {
        var text = new StringBuilder(question).Append('\n');
        for (int i = 0; i < MmluItem.Letters.Count; i++)
        {
            text.Append(MmluItem.Letters[i]).Append(". ").Append(item.Choices[i]).Append('\n');
        }

        return text.Append("Answer:").ToString();
    }

    // What Python's strip takes away: white space, and the four separators that .NET counts as control characters.
    private static string Trim(string text) => text.Trim([.. " \t\n\v\f\r\u001c\u001d\u001e\u001f\u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000", .. Enumerable.Range(0x2000, 11).Select(c => (char)c)]);
}
