using System.Globalization;

namespace SafeTuneBed.TaskAccuracy;

/// <summary>
/// Exactly one label occurs in the answer as a whole word, in any case, and it is the gold one. None or several are wrong, because an answer that
/// names every label would otherwise always be right.
/// </summary>
internal sealed class LabelComparer : AnswerComparer
{
    // Spellings of AG News's fourth class that models write for Sci/Tech.
    private static readonly Dictionary<string, string[]> Aliases = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Sci/Tech"] = ["SciTech", "Science/Technology", "Sci", "Technology"],
    };

    private readonly FinetuneDatasetConfig dataset;

    /// <summary>Creates the comparer.</summary>
    /// <exception cref="ConfigurationException">The data set names no labels.</exception>
    public LabelComparer(FinetuneDatasetConfig dataset)
    {
        this.dataset = dataset;
        if (dataset.Labels.Count == 0 || dataset.Labels.Any(string.IsNullOrWhiteSpace))
        {
            throw new ConfigurationException($"Data set '{dataset.Name}' compares answers by label, but names no labels. Set {nameof(FinetuneDatasetConfig.Labels)} to its label words.");
        }
    }

    /// <inheritdoc/>
    public override void CheckGold(FinetuneExample example)
    {
        if (GoldIndex(example) is null)
        {
            throw new ConfigurationException(string.Create(
                CultureInfo.InvariantCulture,
                $"Data set '{dataset.Name}': evaluation row {example.Origin.Index} of '{example.Origin.Corpus}' has a gold answer that is none of its labels ({string.Join(", ", dataset.Labels)}). Correct the row or {nameof(FinetuneDatasetConfig.Labels)}."));
        }
    }

    /// <summary>The label of the gold answer.</summary>
    public string GoldLabel(FinetuneExample example) => dataset.Labels[GoldIndex(example)!.Value];

    /// <summary>The one label that an answer names; else null, with the reason.</summary>
    public (string? Label, AnswerVerdict Reason) Read(string answer)
    {
        int[] named = [.. Enumerable.Range(0, dataset.Labels.Count).Where(i => Spellings(i).Any(s => HasWord(answer, s)))];

        // A label inside a longer one that is there too ("new" in "new car") is no second answer.
        int[] distinct = [.. named.Where(i => !named.Any(j => j != i && dataset.Labels[j].Contains(dataset.Labels[i], StringComparison.OrdinalIgnoreCase)))];
        return distinct.Length switch
        {
            0 => (null, AnswerVerdict.NoLabel),
            1 => (dataset.Labels[distinct[0]], AnswerVerdict.Right),
            _ => (null, AnswerVerdict.Ambiguous),
        };
    }

    /// <summary>Whether the whole answer is the gold label in one of its spellings, a final period or exclamation mark aside.</summary>
    public bool IsWhole(FinetuneExample example, string answer) =>
        Spellings(GoldIndex(example)!.Value).Any(s => string.Equals(s, answer.Trim().TrimEnd('.', '!').TrimEnd(), StringComparison.OrdinalIgnoreCase));

    /// <inheritdoc/>
    protected override AnswerVerdict JudgeText(FinetuneExample example, string answer)
    {
        (string? label, AnswerVerdict reason) = Read(answer);
        return label is null ? reason : label == GoldLabel(example) ? AnswerVerdict.Right : AnswerVerdict.Wrong;
    }

    private static bool HasWord(string text, string word)
    {
        for (int at = text.IndexOf(word, StringComparison.OrdinalIgnoreCase); at >= 0; at = text.IndexOf(word, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            int end = at + word.Length;
            if ((at == 0 || !char.IsLetterOrDigit(text[at - 1])) && (end == text.Length || !char.IsLetterOrDigit(text[end])))
            {
                return true;
            }
        }

        return false;
    }

    private IEnumerable<string> Spellings(int label) => [dataset.Labels[label], .. Aliases.GetValueOrDefault(dataset.Labels[label], [])];

    private int? GoldIndex(FinetuneExample example) => Find(example.Label) ?? Find(example.Output)
        ?? (int.TryParse(example.Label, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < dataset.Labels.Count ? index : null);

    private int? Find(string? word)
    {
        string? trimmed = word?.Trim();
        int index = dataset.Labels.ToList().FindIndex(l => string.Equals(l, trimmed, StringComparison.OrdinalIgnoreCase));
        return index < 0 ? null : index;
    }
}
