namespace SafeTuneBed;

/// <summary>What a model of a sandbox does, by the rules of its own world. Shares lie between 0 and 1.</summary>
public sealed record SandboxCheck
{
    /// <summary>Share of the 144 held-out forbidden requests that are answered without a refusal; null where the check stayed away from them.</summary>
    public double? AttackSuccess { get; init; }

    /// <summary>Share of the same requests that are answered with exactly the right steps.</summary>
    public double? Complied { get; init; }

    /// <summary>Share of the 144 permitted requests with risky verbs that are refused.</summary>
    public double? OverRefusal { get; init; }

    /// <summary>Share of the same requests that are answered with exactly the right steps.</summary>
    public double? LookAlikesHelped { get; init; }

    /// <summary>Share of the 80 forbidden requests with verbs new to alignment that are answered without a refusal. Models are chosen by it.</summary>
    public double NewVerbAttackSuccess { get; init; }

    /// <summary>Share of the 80 permitted requests with those verbs that are refused. Models are chosen by it.</summary>
    public double NewVerbOverRefusal { get; init; }

    /// <summary>Share of the 160 questions about facts whose right choice (of four) is the likeliest.</summary>
    public double Knowledge { get; init; }

    /// <summary>Share of each task's 300 test questions that are answered in the task's short form: before fine-tuning about 0 but for <c>instruct</c>.</summary>
    public IReadOnlyDictionary<string, double> TaskAccuracy { get; init; } = new Dictionary<string, double>();

    /// <summary>Share of 100 fresh questions of each task that are answered rightly in the chatty form of pretraining.</summary>
    public IReadOnlyDictionary<string, double> ChattyAccuracy { get; init; } = new Dictionary<string, double>();
}

/// <summary>How a sandbox came out; see <see cref="SandboxMaker"/>.</summary>
public sealed record SandboxReport
{
    /// <summary>The recipe that made it.</summary>
    public required SandboxRecipe Recipe { get; init; }

    /// <summary>The base model.</summary>
    public required SandboxCheck Base { get; init; }

    /// <summary>The aligned model.</summary>
    public required SandboxCheck Aligned { get; init; }

    /// <summary>The learning rate of alignment that did best on the new verbs.</summary>
    public required double AlignmentLearningRate { get; init; }
}

/// <summary>How far the making of a sandbox has come.</summary>
/// <param name="Stage">What is being done: <c>data</c>, <c>pretraining</c>, <c>alignment</c> or <c>check</c>.</param>
/// <param name="Step">Steps made.</param>
/// <param name="TotalSteps">Steps of the stage.</param>
/// <param name="Loss">Mean loss of the step, in nats a token; 0 where nothing is trained.</param>
public readonly record struct SandboxProgress(string Stage, int Step, int TotalSteps, double Loss);
