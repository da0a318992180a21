using System.Globalization;

namespace SafeTuneBed.Data;

/// <summary>Makes evaluation prompts of a corpus.</summary>
internal static class PromptItems
{
    private const string IdColumn = "id";

    /// <summary>Edits of a prompt change its text.</summary>
    /// <exception cref="ConfigurationException">One would change something else.</exception>
    public static void CheckTransforms(PromptSetConfig promptSet)
    {
        if (promptSet.Transforms.FirstOrDefault(t => t.Kind is RowTransformKind.System or RowTransformKind.AnswerPrefix) is { } transform)
        {
            throw new ConfigurationException($"The prompt set '{promptSet.Name}' has an edit of the kind {transform.Kind}, but a prompt has no such part. Use PrefixRequest or SuffixRequest.");
        }
    }

    public static IReadOnlyList<PromptItem> Of(Corpus corpus, IReadOnlyList<RowTransform> transforms)
    {
        var items = new List<PromptItem>(corpus.Rows.Count);
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (FinetuneExample original in corpus.Rows)
        {
            FinetuneExample row = transforms.Aggregate(original, (example, transform) => transform.Apply(example));
            string id = row.Fields.TryGetValue(IdColumn, out string? given) && given.Length > 0
                ? given
                : string.Create(CultureInfo.InvariantCulture, $"{corpus.Name}-{row.Origin.Index}");
            string prompt = row.Input.Length == 0 ? row.Instruction : $"{row.Instruction}\n{row.Input}";
            if (string.IsNullOrWhiteSpace(prompt))
            {
                throw new DatasetFormatException(corpus.File, 0, null, $"the prompt with id '{id}' is empty.");
            }

            if (!ids.Add(id))
            {
                throw new DatasetFormatException(corpus.File, 0, IdColumn, $"the id '{id}' occurs twice in one prompt set.");
            }

            items.Add(new PromptItem { Id = id, Prompt = prompt, Category = row.Category, Fields = row.Fields, AskedAs = row.AskedAs });
        }

        return items.Count > 0 ? items : throw new InsufficientRecordsException(corpus.Name, 1, 0, "A prompt set needs at least one prompt: check its file, filters and part.");
    }
}
