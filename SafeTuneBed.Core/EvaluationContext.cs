using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using SafeTuneBed.Running;

namespace SafeTuneBed;

/// <summary>What an evaluator is handed: the model under test, the items, where answers are stored.</summary>
public sealed class EvaluationContext
{
    /// <summary>The name under which the evaluator was asked for, without the prompt set.</summary>
    public required string EvaluatorName { get; init; }

    /// <summary>The model under test, with its whole artifact loaded and its template applied. While a grid is planned it has a name and can't be asked.</summary>
    public required ITextGenerator Model { get; init; }

    /// <summary>The prompt set of this entry, already loaded; empty where the evaluator did not ask for one.</summary>
    public IReadOnlyList<PromptItem> PromptItems { get; init; } = [];

    /// <summary>The sets that the evaluator asked for beside its own (<see cref="IEvaluator.FurtherPromptSets"/>), by name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<PromptItem>> FurtherPrompts { get; init; } = new Dictionary<string, IReadOnlyList<PromptItem>>();

    /// <summary>The evaluation split of the run's data set, already loaded; empty where the evaluator did not ask for one.</summary>
    public IReadOnlyList<FinetuneExample> EvaluationItems { get; init; } = [];

    /// <summary>The run's data set, where there is one.</summary>
    public FinetuneDatasetConfig? Dataset { get; init; }

    /// <summary>Decoding of this entry: the evaluator's default, bounded by the prompt set's or data set's own limit.</summary>
    public GenerationOptions Generation { get; init; } = new();

    /// <summary>The seed of everything random in this evaluation.</summary>
    public ulong Seed { get; init; }

    /// <summary>Answered items and all items, for progress.</summary>
    public Action<int, int>? Progress { get; init; }

    /// <summary>The log; never holds harmful text above Trace.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>The evaluation's own folder, for files beside its scores; null keeps nothing.</summary>
    public string? Folder { get; init; }

    /// <summary>A folder that all evaluations of the bed share, for what is paid once, such as the verdicts of judges; null keeps nothing.</summary>
    public string? SharedFolder { get; init; }

    /// <summary>Where answers are kept so that a killed evaluation goes on; null keeps nothing.</summary>
    internal GenerationStore? Store { get; init; }

    /// <summary>Where log-probabilities are kept; null keeps nothing.</summary>
    internal LikelihoodStore? Likelihoods { get; init; }

    /// <summary>The prompt set as a stream.</summary>
    public IAsyncEnumerable<PromptItem> Prompts(CancellationToken cancellationToken = default) => PromptItems.ToAsyncEnumerable();

    /// <summary>The model as one that gives log-probabilities.</summary>
    /// <exception cref="ConfigurationException">The model can't give them.</exception>
    public ICausalLanguageModel LanguageModel => Model as ICausalLanguageModel ?? throw new ConfigurationException(
        $"Evaluator '{EvaluatorName}' needs log-probabilities, which '{Model.Name}' does not give. Use a local model.");
}
