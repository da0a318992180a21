using System.ComponentModel.DataAnnotations;

namespace SafeTuneBed;

/// <summary>Learning-rate schedules, with Hugging Face's semantics.</summary>
public enum LearningRateSchedule
{
    /// <summary>Warm-up, then constant.</summary>
    Constant,

    /// <summary>Warm-up, then linear to zero.</summary>
    Linear,

    /// <summary>Warm-up, then half a cosine to zero.</summary>
    Cosine,
}

/// <summary>How the micro-batches of one optimizer step are weighted.</summary>
public enum AccumulationWeighting
{
    /// <summary>By label tokens: the loss is the mean over all supervised tokens of the window (transformers 4.46 and later).</summary>
    ByTokens,

    /// <summary>Equally: the mean of the micro-batch means of the window (older transformers).</summary>
    Equal,
}

/// <summary>
/// Settings of the training loop. A value left null is taken from the layer below:
/// library defaults, then the data set's task recipe, then the builder, then the grid.
/// </summary>
public sealed record TrainingOptions
{
    /// <summary>Peak learning rate. Default 2e-4.</summary>
    [Range(0, 10)] public double? LearningRate { get; set; }

    /// <summary>Passes over the data; ignored when <see cref="Steps"/> is set. Default 1.</summary>
    [Range(0, 100_000)] public double? Epochs { get; set; }

    /// <summary>Optimizer steps; overrides <see cref="Epochs"/>.</summary>
    [Range(0, 100_000_000)] public int? Steps { get; set; }

    /// <summary>Rows of one micro-batch. Default 8.</summary>
    [Range(1, 1_000_000)] public int? BatchSize { get; set; }

    /// <summary>Micro-batches of one optimizer step; the last step of an epoch takes those that are left, as in transformers. Default 1.</summary>
    [Range(1, 1_000_000)] public int? AccumulationSteps { get; set; }

    /// <summary>How micro-batches are weighted. Default by tokens.</summary>
    public AccumulationWeighting? Weighting { get; set; }

    /// <summary>Decoupled weight decay of AdamW. Default 0.</summary>
    [Range(0, 100)] public double? WeightDecay { get; set; }

    /// <summary>Schedule. Default cosine.</summary>
    public LearningRateSchedule? Schedule { get; set; }

    /// <summary>Warm-up as a share of all steps, rounded up; ignored when <see cref="WarmupSteps"/> is set. Default 0.</summary>
    [Range(0, 1)] public double? WarmupRatio { get; set; }

    /// <summary>Warm-up steps; overrides <see cref="WarmupRatio"/>.</summary>
    [Range(0, 100_000_000)] public int? WarmupSteps { get; set; }

    /// <summary>Largest global gradient norm; 0 switches clipping off. Default 1.</summary>
    [Range(0, double.MaxValue)] public double? MaxGradientNorm { get; set; }

    /// <summary>AdamW's first moment decay. Default 0.9.</summary>
    [Range(0, 0.9999999)] public double? AdamBeta1 { get; set; }

    /// <summary>AdamW's second moment decay. Default 0.999.</summary>
    [Range(0, 0.9999999)] public double? AdamBeta2 { get; set; }

    /// <summary>AdamW's epsilon. Default 1e-8.</summary>
    [Range(0, 1)] public double? AdamEpsilon { get; set; }

    /// <summary>Longest row in tokens. Default 2,048, and never more than the model's context.</summary>
    [Range(2, 100_000_000)] public int? MaxLength { get; set; }

    /// <summary>
    /// Whether batches are made of rows of similar length (seeded): less padding. Default false, as in transformers: where poison rows are longer than
    /// task rows, grouping parts the two and so changes what a batch's mean weighs.
    /// </summary>
    public bool? GroupByLength { get; set; }

    /// <summary>
    /// Whether the rows of a batch stand one after the other in a single line, where each attends to itself alone and counts its positions from 0: no padding is computed.
    /// The batches, their loss and what each row weighs are those of padded batches, up to rounding; dropout draws other masks. Default false.
    /// </summary>
    public bool? Packing { get; set; }

    /// <summary>
    /// Whether blocks keep their inputs alone and are computed again on the way back: less memory for about a third more time, and the same numbers to the bit, so that it is
    /// in no fingerprint. Default false.
    /// </summary>
    public bool? GradientCheckpointing { get; set; }
}

/// <summary>Settings of the LoRA adapters that a run trains. A value left null is taken from the layer below, as in <see cref="TrainingOptions"/>.</summary>
public sealed record LoraOptions
{
    /// <summary>Rank r. Default 8.</summary>
    [Range(1, 65_536)] public int? Rank { get; set; }

    /// <summary>Alpha; the update is scaled by alpha / r. Default 4, as in SafeTuneBed's Python configuration.</summary>
    [Range(1e-6, 1e6)] public double? Alpha { get; set; }

    /// <summary>Dropout on the adapter's input, 0 to below 1. Default 0.1.</summary>
    [Range(0, 0.999999)] public double? Dropout { get; set; }

    /// <summary>
    /// Module names: a path matches when it equals a name or ends with "." and the name. The single entry "all-linear" means every
    /// linear layer but the output head. Default q_proj, v_proj.
    /// </summary>
    /// <remarks>PEFT's <c>target_modules</c> as a list.</remarks>
    public IReadOnlyList<string>? TargetModules { get; set; }

    /// <summary>
    /// A regular expression (Python's) that a module's whole path must match, such as <c>.*layers\.(0|1)\.self_attn\.[qv]_proj</c>; overrides
    /// <see cref="TargetModules"/>. Default none.
    /// </summary>
    /// <remarks>PEFT's <c>target_modules</c> as a string.</remarks>
    public string? TargetPattern { get; set; }

    /// <summary>Scale by alpha / sqrt(r) (rsLoRA; Kalajdzievski 2023, arXiv 2312.03732), with the layer's own r and alpha. Default false.</summary>
    public bool? UseRsLora { get; set; }

    /// <summary>Modules that get no adapter although they are targets, by the rule of <see cref="TargetModules"/>. Default none.</summary>
    public IReadOnlyList<string>? ExcludeModules { get; set; }

    /// <summary>A regular expression (Python's); modules whose whole path matches get no adapter. Overrides <see cref="ExcludeModules"/>. Default none.</summary>
    public string? ExcludePattern { get; set; }

    /// <summary>
    /// Blocks, counted from 0, in which modules get adapters; not for <see cref="TargetPattern"/> and all-linear, and not for a target that is a whole path, as in PEFT.
    /// Default every block.
    /// </summary>
    public IReadOnlyList<int>? LayersToTransform { get; set; }

    /// <summary>What stands before the block's number in a path, such as <c>layers</c>; used with <see cref="LayersToTransform"/>. Default any name.</summary>
    public IReadOnlyList<string>? LayersPattern { get; set; }

    /// <summary>
    /// Ranks (at least 1) of modules that differ from <see cref="Rank"/>. A key is a name or a regular expression (Python's) that the path, or its end behind
    /// a dot, must match: <c>q_proj</c>, <c>layers\.0\.self_attn\.q_proj</c>, <c>^model.layers.0.self_attn.q_proj</c>. Two keys may not differ about one layer. Default none.
    /// </summary>
    public IReadOnlyDictionary<string, int>? RankPattern { get; set; }

    /// <summary>Alphas of modules that differ from <see cref="Alpha"/>, by the rule of <see cref="RankPattern"/>. Default none.</summary>
    public IReadOnlyDictionary<string, double>? AlphaPattern { get; set; }

    /// <summary>
    /// Modules that are trained whole beside the adapters and saved with them: <c>embed_tokens</c> and <c>lm_head</c>. Where the model ties the two, the one that is named
    /// gets weights of its own, as in PEFT. Default none.
    /// </summary>
    public IReadOnlyList<string>? ModulesToSave { get; set; }
}
