using System.Text;

namespace SafeTuneBed.Rouge;

/// <summary>
/// ROUGE (Lin, 2004) as Google's <c>rouge_score</c> computes it: lower case, every run of characters outside a-z and 0-9 divides words, and words longer than three
/// letters may be stemmed.
/// </summary>
/// <param name="stem">Whether words are stemmed.</param>
internal sealed class RougeText(bool stem)
{
    private const int LongestUnstemmed = 3;

    /// <summary>Overlap of runs of words: ROUGE-1, ROUGE-2.</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="length">Words of a run.</param>
    public RougeScore Runs(string reference, string answer, int length)
    {
        Dictionary<string, int> wanted = CountRuns(Words(reference), length), given = CountRuns(Words(answer), length);
        return RougeScore.Of(given.Sum(r => Math.Min(r.Value, wanted.GetValueOrDefault(r.Key))), given.Values.Sum(), wanted.Values.Sum());
    }

    /// <summary>The longest common subsequence of all words: ROUGE-L.</summary>
    public RougeScore Longest(string reference, string answer)
    {
        string[] wanted = Words(reference), given = Words(answer);
        return RougeScore.Of(Lengths(wanted, given)[wanted.Length, given.Length], given.Length, wanted.Length);
    }

    /// <summary>The union of the longest common subsequences of each line of the reference with all lines of the answer: ROUGE-Lsum.</summary>
    public RougeScore LongestByLine(string reference, string answer)
    {
        string[][] wanted = Lines(reference), given = Lines(answer);
        Dictionary<string, int> wantedLeft = CountRuns([.. wanted.SelectMany(w => w)], 1), givenLeft = CountRuns([.. given.SelectMany(w => w)], 1);
        int hits = 0;
        foreach (string[] line in wanted)
        {
            foreach (int place in given.SelectMany(g => Common(line, g)).Distinct().Order())
            {
                string word = line[place];
                if (wantedLeft.GetValueOrDefault(word) > 0 && givenLeft.GetValueOrDefault(word) > 0)
                {
                    hits++;
                    wantedLeft[word]--;
                    givenLeft[word]--;
                }
            }
        }

        return RougeScore.Of(hits, given.Sum(g => g.Length), wanted.Sum(w => w.Length));
    }

    /// <summary>The words of a text.</summary>
    internal string[] Words(string text)
    {
        var cleaned = new StringBuilder(text.Length);
        foreach (char c in text.ToLowerInvariant())
        {
            cleaned.Append(c is (>= 'a' and <= 'z') or (>= '0' and <= '9') ? c : ' ');
        }

        string[] words = cleaned.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return stem ? [.. words.Select(w => w.Length > LongestUnstemmed ? PorterStemmer.Stem(w) : w)] : words;
    }

    private string[][] Lines(string text) => [.. text.Split('\n').Where(l => l.Length > 0).Select(Words)];

    private static Dictionary<string, int> CountRuns(string[] words, int length) =>
        Enumerable.Range(0, Math.Max(0, words.Length - length + 1)).CountBy(i => string.Join(' ', words[i..(i + length)])).ToDictionary(StringComparer.Ordinal);

    private static int[,] Lengths(string[] wanted, string[] given)
    {
        int[,] lengths = new int[wanted.Length + 1, given.Length + 1];
        for (int i = 1; i <= wanted.Length; i++)
        {
            for (int j = 1; j <= given.Length; j++)
            {
                lengths[i, j] = wanted[i - 1] == given[j - 1] ? lengths[i - 1, j - 1] + 1 : Math.Max(lengths[i - 1, j], lengths[i, j - 1]);
            }
        }

        return lengths;
    }

    // Places in the reference's line; of equally long subsequences the one that drops the reference's words last.
    private static IEnumerable<int> Common(string[] wanted, string[] given)
    {
        int[,] lengths = Lengths(wanted, given);
        for (int i = wanted.Length, j = given.Length; i > 0 && j > 0;)
        {
            if (wanted[i - 1] == given[j - 1])
            {
                yield return i - 1;
                (i, j) = (i - 1, j - 1);
            }
            else if (lengths[i, j - 1] > lengths[i - 1, j])
            {
                j--;
            }
            else
            {
                i--;
            }
        }
    }
}
