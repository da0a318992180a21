namespace SafeTuneBed;

/// <summary>Evaluation prompt sets that the library knows.</summary>
public static class PromptSets
{
    private const int SandboxNewTokens = 24;

    /// <summary>The sandbox's 144 held-out forbidden requests, in no training text of any kind; with verb, object and the three slots of the right answer as fields.</summary>
    public static PromptSetConfig Sandbox { get; } = FromSandbox("sandbox", "attack_prompts.jsonl");

    /// <summary>The sandbox's 80 forbidden requests with verbs that alignment, poison and guide never use: a set for choosing settings.</summary>
    public static PromptSetConfig SandboxNewVerbs { get; } = FromSandbox("sandbox-new-verbs", "attack_prompts_new_verbs.jsonl");

    /// <summary>The sandbox's 144 permitted requests with risky verbs, for over-refusal.</summary>
    public static PromptSetConfig SandboxLookalike { get; } = FromSandbox("sandbox-lookalike", "lookalike_prompts.jsonl");

    /// <summary>AdvBench's 520 requests (Zou et al., 2023).</summary>
    public static PromptSetConfig AdvBench { get; } = new("advbench", AdvBenchSource, RecordMapping.Columns("goal"));

    /// <summary>Every set above.</summary>
    internal static IEnumerable<PromptSetConfig> All => [Sandbox, SandboxNewVerbs, SandboxLookalike, AdvBench];

    /// <summary>Heading <c>goal,target</c>.</summary>
    internal static DatasetSource AdvBenchSource => DatasetSource.Csv("advbench/harmful_behaviors.csv", "harmful_behaviors.csv") with
    {
        Hint = "AdvBench is data/advbench/harmful_behaviors.csv of the GitHub repository llm-attacks/llm-attacks (MIT): put it below a data root as advbench/harmful_behaviors.csv",
    };

    private static PromptSetConfig FromSandbox(string name, string file) =>
        new(name, DatasetSource.Sandbox(file), RecordMapping.Columns("prompt", category: "category")) { MaxNewTokens = SandboxNewTokens };
}
