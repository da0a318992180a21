using System.Globalization;

namespace SafeTuneBed.Data;

/// <summary>Says why a corpus fell short: its file, what was left out and by what, and what helps against the largest of these.</summary>
internal static class ShortageText
{
    public static string Of(MixCorpus corpus, MixRequest request, IReadOnlyList<FilterCount> filters)
    {
        FilterCount[] dropped = [.. filters.Where(f => f.Corpus == corpus.Name && f.Role == corpus.Role && f.Dropped > 0)];
        var sentences = new List<string>();
        if (corpus.File is { } file)
        {
            string kept = corpus.Rows.Count == corpus.Records ? "" : Text($", {corpus.Rows.Count} of them after the source's filters and part");
            sentences.Add(Text($"{file} holds {corpus.Records} records{kept}."));
        }

        if (dropped.Length > 0)
        {
            sentences.Add($"Left out: {string.Join(", ", dropped.Select(f => Text($"{f.Dropped} by {f.Name}")))}.");
        }

        if (corpus.Rows.Count == 0)
        {
            sentences.Add(corpus.Records == 0
                ? "Give a file that holds records."
                : "No record meets the source's conditions: check Where, Part and the columns that they name.");
        }
        else if (dropped.MaxBy(f => f.Dropped) is { } most)
        {
            sentences.Add(Remedy(most.Name, request));
        }

        sentences.Add("Lower Count or PoisonRatio, give more rows, or set Shortage to UseAll or WithReplacement.");
        return string.Join(" ", sentences);
    }

    private static string Remedy(string filter, MixRequest request) => filter switch
    {
        Eligibility.LengthFilter => Text($"Rows over-length have more than {request.MaxLength} tokens: raise MaxLength as far as the model's context allows, or set Length to {nameof(LengthPolicy.TruncateInput)} or {nameof(LengthPolicy.TruncateTarget)}."),
        Eligibility.EmptyFilter => "Rows with empty text have no request or no answer: check that the mapping names the right columns.",
        Eligibility.CategoryFilter => "Rows of excluded categories are set by the corpus's ExcludedCategories.",
        Eligibility.EvaluationFilter => "Rows that ask an evaluation prompt are kept apart by Part on source and prompt set, or kept by AllowEvaluationOverlap.",
        _ => "Repeated requests count once.",
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
