using System.Globalization;

namespace SafeTuneBed.Data;

/// <summary>
/// Leaves out rows before any is chosen, so that counts stay exact. Filters run in a fixed order, each with its own count: category, empty text,
/// length, repeated requests, requests of another role, evaluation prompts.
/// </summary>
internal static class Eligibility
{
    public const string CategoryFilter = "excluded-category";
    public const string EmptyFilter = "empty-text";
    public const string LengthFilter = "over-length";
    public const string DuplicateFilter = "repeated-prompt";
    public const string CrossRoleFilter = "prompt-among-harmful";
    public const string EvaluationFilter = "evaluation-prompt";

    /// <summary>The rows that may be chosen.</summary>
    /// <param name="corpus">All rows.</param>
    /// <param name="request">The mix they are for.</param>
    /// <param name="harmfulPrompts">Keys of the chosen poison, for guide rows; null for other roles.</param>
    /// <param name="counts">Gets what each filter left out.</param>
    public static List<FinetuneExample> Filter(MixCorpus corpus, MixRequest request, IReadOnlySet<string>? harmfulPrompts, List<FilterCount> counts)
    {
        IReadOnlyList<bool>? fits = request.FitsLength?.Invoke(corpus);
        var kept = new List<FinetuneExample>(corpus.Rows.Count);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        int category = 0, empty = 0, tooLong = 0, repeated = 0, crossRole = 0, evaluation = 0;
        for (int i = 0; i < corpus.Rows.Count; i++)
        {
            FinetuneExample row = corpus.Rows[i];
            if (IsExcluded(row, corpus.ExcludedCategories))
            {
                category++;
            }
            else if (IsEmpty(row))
            {
                empty++;
            }
            else if (fits is not null && !fits[i])
            {
                tooLong++;
            }
            else if (corpus.KeepFirstPerPrompt && !seen.Add(PromptKey.Of(row)))
            {
                repeated++;
            }
            else if (harmfulPrompts is not null && PromptKey.IsAmong(harmfulPrompts, row))
            {
                crossRole++;
            }
            else if (!request.AllowEvaluationOverlap && request.Evaluation.Ask(row))
            {
                evaluation++;
            }
            else
            {
                kept.Add(row);
            }
        }

        void Count(string name, string parameter, int dropped) => counts.Add(new FilterCount(corpus.Name, corpus.Role, name, parameter, dropped));
        if (corpus.ExcludedCategories.Count > 0)
        {
            Count(CategoryFilter, string.Join(HarmfulCorpus.CategorySeparator, corpus.ExcludedCategories), category);
        }

        Count(EmptyFilter, "prompt or output", empty);
        if (fits is not null)
        {
            Count(LengthFilter, nameof(LengthPolicy.ExcludeBeforeSelection), tooLong);
        }

        if (corpus.KeepFirstPerPrompt)
        {
            Count(DuplicateFilter, "first is kept", repeated);
        }

        if (harmfulPrompts is not null)
        {
            Count(CrossRoleFilter, "exact", crossRole);
        }

        if (!request.AllowEvaluationOverlap)
        {
            Count(EvaluationFilter, string.Create(CultureInfo.InvariantCulture, $"{request.Evaluation.Method}, {request.Evaluation.Keys.Count} prompts"), evaluation);
        }

        return kept;
    }

    private static bool IsExcluded(FinetuneExample row, IReadOnlyList<string> excluded) =>
        excluded.Count > 0 && row.Category is { } categories
        && categories.Split(HarmfulCorpus.CategorySeparator, StringSplitOptions.TrimEntries).Any(c => excluded.Contains(c, StringComparer.Ordinal));

    /// <summary>Whether a row has no request or no answer.</summary>
    public static bool IsEmpty(FinetuneExample row) =>
        string.IsNullOrWhiteSpace(row.Output) || (string.IsNullOrWhiteSpace(row.Instruction) && string.IsNullOrWhiteSpace(row.Input));
}
