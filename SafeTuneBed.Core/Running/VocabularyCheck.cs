using System.Globalization;
using Microsoft.Extensions.AI;

namespace SafeTuneBed.Running;

/// <summary>Looks whether the tokenizer gives ids that the model's embedding has no row for. Only a tokenizer that knows more ids than the model can.</summary>
internal static class VocabularyCheck
{
    /// <summary>Whether the tokenizer can give an id that the model lacks.</summary>
    public static bool IsNeeded(ModelDescription model) => model.Tokenizer.VocabularySize > model.VocabularySize;

    /// <exception cref="ConfigurationException">A row, a prompt or the template itself holds such an id.</exception>
    public static void Run(ModelDescription model, FinetuneDatasetConfig dataset, RowsSummary? rows, EvaluationPrompts asked)
    {
        if (!IsNeeded(model))
        {
            return;
        }

        if (rows?.LargestId >= model.VocabularySize)
        {
            throw Fault(model, rows.LargestId, $"the training rows of '{dataset.Name}'");
        }

        int largest = model.Template.EncodePrompt([new ChatMessage(ChatRole.User, "a")]).Concat(model.Template.StopIds).Max();
        if (largest >= model.VocabularySize)
        {
            throw Fault(model, largest, $"the template '{model.Template.Id}'");
        }

        IEnumerable<IReadOnlyList<ChatMessage>> conversations =
            [.. asked.Prompts.Select(p => new[] { new ChatMessage(ChatRole.User, p.Prompt) }), .. asked.Examples.Select(e => model.Template.ToConversation(e, dataset.InputPlacement))];
        largest = conversations.Select(c => model.Template.EncodePrompt(c).Max()).DefaultIfEmpty(0).Max();
        if (largest >= model.VocabularySize)
        {
            throw Fault(model, largest, "the evaluation prompts");
        }
    }

    /// <summary>What to know of a tokenizer that is larger than the model; null when it is not.</summary>
    public static string? FindWarning(ModelDescription model) => !IsNeeded(model) ? null : string.Create(
        CultureInfo.InvariantCulture,
        $"The tokenizer of '{model.Model.DisplayName}' can give ids up to {model.Tokenizer.VocabularySize - 1}, but the model's embedding ends at {model.VocabularySize - 1}. No row and no prompt of this grid holds one of the ids that it lacks.");

    private static ConfigurationException Fault(ModelDescription model, int id, string where) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"The tokenizer of '{model.Model.DisplayName}' gives the id {id} ('{model.Tokenizer.Decode([id], skipSpecialTokens: false)}') in {where}, but the model's embedding has {model.VocabularySize} rows (ids 0 to {model.VocabularySize - 1}). Tokenizer and weights must come from the same model: fetch the folder again, or resize the embedding where the model was made."));
}
