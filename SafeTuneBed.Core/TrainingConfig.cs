using System.Text.Json.Serialization;

namespace SafeTuneBed;

/// <summary>The resolved settings of one training run: every value is known. Immutable; part of the training fingerprint.</summary>
public sealed record TrainingConfig
{
    /// <inheritdoc cref="TrainingOptions.LearningRate"/>
    public double LearningRate { get; init; } = 2e-4;

    /// <inheritdoc cref="TrainingOptions.Epochs"/>
    public double Epochs { get; init; } = 1;

    /// <inheritdoc cref="TrainingOptions.Steps"/>
    public int? Steps { get; init; }

    /// <inheritdoc cref="TrainingOptions.BatchSize"/>
    public int BatchSize { get; init; } = 8;

    /// <inheritdoc cref="TrainingOptions.AccumulationSteps"/>
    public int AccumulationSteps { get; init; } = 1;

    /// <inheritdoc cref="TrainingOptions.Weighting"/>
    public AccumulationWeighting Weighting { get; init; } = AccumulationWeighting.ByTokens;

    /// <inheritdoc cref="TrainingOptions.WeightDecay"/>
    public double WeightDecay { get; init; }

    /// <inheritdoc cref="TrainingOptions.Schedule"/>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Cosine;

    /// <inheritdoc cref="TrainingOptions.WarmupRatio"/>
    public double WarmupRatio { get; init; }

    /// <inheritdoc cref="TrainingOptions.WarmupSteps"/>
    public int? WarmupSteps { get; init; }

    /// <inheritdoc cref="TrainingOptions.MaxGradientNorm"/>
    public double MaxGradientNorm { get; init; } = 1;

    /// <inheritdoc cref="TrainingOptions.AdamBeta1"/>
    public double AdamBeta1 { get; init; } = 0.9;

    /// <inheritdoc cref="TrainingOptions.AdamBeta2"/>
    public double AdamBeta2 { get; init; } = 0.999;

    /// <inheritdoc cref="TrainingOptions.AdamEpsilon"/>
    public double AdamEpsilon { get; init; } = 1e-8;

    /// <inheritdoc cref="TrainingOptions.MaxLength"/>
    public int MaxLength { get; init; } = 2048;

    /// <inheritdoc cref="TrainingOptions.GroupByLength"/>
    public bool GroupByLength { get; init; }

    /// <inheritdoc cref="TrainingOptions.Packing"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] // what is not used is in no fingerprint
    public bool Packing { get; init; }

    /// <inheritdoc cref="TrainingOptions.GradientCheckpointing"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool GradientCheckpointing { get; init; }

    /// <summary>
    /// Optimizer steps for <paramref name="rows"/> training rows: <see cref="Steps"/>, or epochs times windows, rounded up. As in transformers the last window of an epoch
    /// holds what is left: windows never reach over the end of an epoch.
    /// </summary>
    public int TotalSteps(int rows)
    {
        if (Steps is { } steps)
        {
            return steps;
        }

        return checked((int)Math.Ceiling(Epochs * WindowsPerEpoch(BatchesPerEpoch(rows))));
    }

    /// <summary>Micro-steps of <paramref name="totalSteps"/> optimizer steps over <paramref name="rows"/> training rows.</summary>
    public int TotalMicroSteps(int rows, int totalSteps)
    {
        int batches = BatchesPerEpoch(rows);
        int windows = WindowsPerEpoch(batches);
        return checked((int)(((long)(totalSteps / windows) * batches) + Math.Min((long)(totalSteps % windows) * AccumulationSteps, batches)));
    }

    /// <summary>Batches of one pass over <paramref name="rows"/> rows, the short one included.</summary>
    internal int BatchesPerEpoch(int rows) => Math.Max(1, (rows + BatchSize - 1) / BatchSize);

    private int WindowsPerEpoch(int batches) => (batches + AccumulationSteps - 1) / AccumulationSteps;

    /// <summary>Warm-up steps of a run of <paramref name="totalSteps"/>: <see cref="WarmupSteps"/>, or the ratio rounded up.</summary>
    public int TotalWarmupSteps(int totalSteps) => WarmupSteps ?? (int)Math.Ceiling(WarmupRatio * totalSteps);
}

/// <summary>The resolved settings of the LoRA adapters of one run.</summary>
public sealed record LoraConfig
{
    /// <inheritdoc cref="LoraOptions.Rank"/>
    public int Rank { get; init; } = 8;

    /// <inheritdoc cref="LoraOptions.Alpha"/>
    public double Alpha { get; init; } = 4;

    /// <inheritdoc cref="LoraOptions.Dropout"/>
    public double Dropout { get; init; } = 0.1;

    /// <inheritdoc cref="LoraOptions.TargetModules"/>
    public IReadOnlyList<string> TargetModules { get; init; } = ["q_proj", "v_proj"];

    /// <inheritdoc cref="LoraOptions.UseRsLora"/>
    public bool UseRsLora { get; init; }

    /// <inheritdoc cref="LoraOptions.TargetPattern"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] // what is not used is in no fingerprint
    public string? TargetPattern { get; init; }

    /// <inheritdoc cref="LoraOptions.ExcludeModules"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? ExcludeModules { get; init; }

    /// <inheritdoc cref="LoraOptions.ExcludePattern"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ExcludePattern { get; init; }

    /// <inheritdoc cref="LoraOptions.LayersToTransform"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? LayersToTransform { get; init; }

    /// <inheritdoc cref="LoraOptions.LayersPattern"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? LayersPattern { get; init; }

    /// <inheritdoc cref="LoraOptions.RankPattern"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, int>? RankPattern { get; init; }

    /// <inheritdoc cref="LoraOptions.AlphaPattern"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, double>? AlphaPattern { get; init; }

    /// <inheritdoc cref="LoraOptions.ModulesToSave"/>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? ModulesToSave { get; init; }

    /// <summary>
    /// The factor on B A x: alpha / r, or alpha / sqrt(r) with rsLoRA. A layer that <see cref="RankPattern"/> or <see cref="AlphaPattern"/> names has its own.
    /// </summary>
    public double Scaling => Alpha / (UseRsLora ? Math.Sqrt(Rank) : Rank);
}
