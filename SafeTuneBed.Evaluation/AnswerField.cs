namespace SafeTuneBed;

/// <summary>Where a prompt holds an answer: a field that is named, or the first of the usual ones.</summary>
internal static class AnswerField
{
    private static readonly string[] Usual = ["target", "output", "response", "completion"];

    /// <summary>The answer of a prompt; null where it has none under any usual name.</summary>
    /// <exception cref="ConfigurationException">The named field is missing.</exception>
    public static string? Find(PromptItem item, string? field, string evaluator) => field is null
        ? Usual.Select(f => item.Fields.GetValueOrDefault(f)).FirstOrDefault(a => !string.IsNullOrEmpty(a))
        : item.Fields.GetValueOrDefault(field) ?? throw new ConfigurationException(
            $"Evaluator '{evaluator}' takes answers from the field '{field}', which prompt '{item.Id}' does not have. It has: {string.Join(", ", item.Fields.Keys)}.");

    /// <summary>The answer of a prompt.</summary>
    /// <exception cref="ConfigurationException">It has none.</exception>
    public static string Require(PromptItem item, string? field, string evaluator) => Find(item, field, evaluator) is { Length: > 0 } answer
        ? answer
        : throw new ConfigurationException(
            $"Evaluator '{evaluator}' needs an answer beside each prompt, but prompt '{item.Id}' has none ({(field is null ? $"looked in {string.Join(", ", Usual)}" : $"'{field}' is empty")}). It has: {string.Join(", ", item.Fields.Keys)}. Use a prompt set with answers, or name the field ({nameof(PerplexityOptions.AnswerField)}).");
}
