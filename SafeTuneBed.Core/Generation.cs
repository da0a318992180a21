namespace SafeTuneBed;

/// <summary>Why a generation ended.</summary>
public enum FinishReason
{
    /// <summary>A stop id or stop string was produced.</summary>
    Stop,

    /// <summary>The limit of new tokens was reached.</summary>
    Length,

    /// <summary>The model's context was full.</summary>
    ContextFull,

    /// <summary>No text could be made: the prompt does not fit, or the logits were not finite.</summary>
    Error,

    /// <summary>The provider of a hosted model withheld the answer or a part of it.</summary>
    ContentFilter,
}

/// <summary>One answer of a model. Text never holds special tokens; it is decoded from the new ids alone.</summary>
public sealed record Generation
{
    /// <summary>The answer as decoded, untrimmed.</summary>
    public required string Text { get; init; }

    /// <summary>New token ids, the stop id included where one was produced; null for hosted models.</summary>
    public IReadOnlyList<int>? TokenIds { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public int PromptTokenCount { get; init; }

    /// <summary>Why it ended.</summary>
    public FinishReason FinishReason { get; init; }

    /// <summary>The stop string that ended it and was cut off with all that came after; null where a stop id or anything else did, or where a hosted model does not say.</summary>
    public string? StopString { get; init; }

    /// <summary>True when nothing but white space was produced.</summary>
    public bool IsEmpty => string.IsNullOrWhiteSpace(Text);
}

/// <summary>How to decode. The default is greedy.</summary>
public sealed record GenerationOptions
{
    /// <summary>Most new tokens. Default 512.</summary>
    public int MaxNewTokens { get; init; } = 512;

    /// <summary>Sampling temperature; 0 is greedy. Default 0.</summary>
    public double Temperature { get; init; }

    /// <summary>Nucleus mass kept, 0 to 1. Default 1. Used only when sampling.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Number of likeliest tokens kept; 0 keeps all. Used only when sampling.</summary>
    public int TopK { get; init; }

    /// <summary>
    /// Above 1: what occurs in prompt or answer becomes less likely, below 1 more (Keskar et al. 2019, as transformers does it). Default 1: off. Applies to greedy decoding too.
    /// </summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>
    /// Decodes as the model's own <c>generation_config.json</c> says: sampling or not, temperature, top-p, top-k, repetition penalty, stop strings. Values of
    /// one's own beside it are refused, and so is a model that asks for what is not supported. Default false: the file's end ids count, nothing else of it.
    /// </summary>
    public bool UseModelDefaults { get; init; }

    /// <summary>Seed of the sampler: each prompt draws from its own stream (seed, stream id), whatever the batch.</summary>
    public ulong Seed { get; init; }

    /// <summary>
    /// Stream id of each prompt; null takes its place in the call. Evaluators take ids from the items, so that an evaluation that was interrupted goes on as if
    /// it had not been.
    /// </summary>
    public IReadOnlyList<ulong>? StreamIds { get; init; }

    /// <summary>Rows decoded together. Default 32; does not change greedy results in f32.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>Strings that end an answer and are removed from it.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Whether an answer may depend on the seed.</summary>
    internal bool MaySample => Temperature > 0 || UseModelDefaults;
}
