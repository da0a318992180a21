namespace SafeTuneBed;

/// <summary>What an evaluator asks for. Checked when the grid is planned, before any model is loaded.</summary>
[Flags]
public enum EvaluatorNeeds
{
    /// <summary>Nothing but a generator.</summary>
    None = 0,

    /// <summary>A prompt set: an entry <c>name@promptset</c>, or the model's default.</summary>
    Prompts = 1,

    /// <summary>The data set's evaluation split.</summary>
    EvaluationSplit = 2,

    /// <summary>Log-probabilities, which hosted chat models do not give.</summary>
    LogProbabilities = 4,

    /// <summary>A model that knows the sandbox's invented world.</summary>
    SandboxWorld = 8,
}

/// <summary>
/// A measure: what it reports, what it needs, how it judges. Holds no state between calls. Most implementations derive from
/// <see cref="PromptEvaluator{TItem}"/>, which brings batching, caching, resuming and aggregation.
/// </summary>
public interface IEvaluator
{
    /// <summary>The numbers it reports.</summary>
    IReadOnlyList<MetricDefinition> Metrics { get; }

    /// <summary>
    /// The numbers it reports about a run on this data set, where the task decides what is measured. Default: <see cref="Metrics"/>.
    /// </summary>
    /// <param name="dataset">The run's data set; null where there is none.</param>
    IReadOnlyList<MetricDefinition> MetricsOf(FinetuneDatasetConfig? dataset) => Metrics;

    /// <summary>What it asks for.</summary>
    EvaluatorNeeds Needs { get; }

    /// <summary>
    /// The prompt set that the sandbox model is asked when a grid's entry names none. Null (most measures): the sandbox's forbidden requests.
    /// </summary>
    string? DefaultPromptSet => null;

    /// <summary>The prompt set that any model is asked when a grid's entry names none; null (most measures): there is none.</summary>
    string? OwnPromptSet => null;

    /// <summary>Prompt sets that are loaded beside the entry's own, such as worked examples: <see cref="EvaluationContext.FurtherPrompts"/>.</summary>
    IReadOnlyList<string> FurtherPromptSets => [];

    /// <summary>How it wants answers decoded; a prompt set or data set may lower the number of new tokens. Default: greedy.</summary>
    GenerationOptions Generation => new();

    /// <summary>
    /// What else the scores depend on, such as the judge that is asked and the version of its prompt: part of the evaluation's fingerprint. Null (most measures): nothing.
    /// </summary>
    string? Scorer => null;

    /// <summary>What other models will be asked at most about the items of this evaluation; empty (most measures): none is. Called when a grid is planned.</summary>
    IReadOnlyList<JudgeEstimate> EstimateJudging(EvaluationContext context) => [];

    /// <summary>
    /// Looks whether the items can be judged: fields that a rule needs, gold answers that can be read. Called when a grid is planned, so that a fault is found before
    /// any training; the context's <see cref="EvaluationContext.Model"/> has a name then and can't be asked. Default: nothing is checked.
    /// </summary>
    /// <exception cref="ConfigurationException">The items can't be judged; the message names the item and the remedy.</exception>
    ValueTask CheckItemsAsync(EvaluationContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Judges the context's model and returns every score; numbers are made from the scores by the caller.</summary>
    Task<EvaluationResult> EvaluateAsync(EvaluationContext context, CancellationToken cancellationToken);
}

/// <summary>All scores of one evaluator on one model.</summary>
/// <param name="Scores">One entry per item and metric.</param>
public sealed record EvaluationResult(IReadOnlyList<SampleScore> Scores);
