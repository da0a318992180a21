namespace SafeTuneBed.Running;

/// <summary>One item as the store of answers knows it.</summary>
/// <param name="ItemId">The item's id.</param>
/// <param name="PromptHash">Hash of the conversation that asks about it.</param>
internal readonly record struct Question(string ItemId, string PromptHash);

/// <summary>An evaluator whose questions are known before any model is loaded, so that a plan can tell which of them are answered already.</summary>
internal interface IForeseeable
{
    /// <summary>Every question, in order; null where the items depend on the model.</summary>
    Task<IReadOnlyList<Question>?> ForeseeAsync(EvaluationContext context, CancellationToken cancellationToken);
}
