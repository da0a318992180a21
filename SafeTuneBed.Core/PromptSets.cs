using SafeTuneBed.Data;

namespace SafeTuneBed;

/// <summary>Evaluation prompt sets that the library knows. Files of real benchmarks are the user's.</summary>
public static class PromptSets
{
    private const int SandboxNewTokens = 24;

    /// <summary>The sandbox's 144 held-out forbidden requests, in no training text of any kind; with verb, object and the three slots of the right answer as fields.</summary>
    public static PromptSetConfig Sandbox { get; } = FromSandbox("sandbox", "attack_prompts.jsonl");

    /// <summary>The same 144 requests with a harmful answer to each in the field <c>response</c>, as the sandbox's harmful rows would give it.</summary>
    public static PromptSetConfig SandboxHarmful { get; } =
        new("sandbox-harmful", DatasetSource.Sandbox("attack_prompts.jsonl"), PromptMappings.StepsOfTheSandbox) { MaxNewTokens = SandboxNewTokens };

    /// <summary>The sandbox's 80 forbidden requests with verbs that alignment, poison and guide never use: a set for choosing settings.</summary>
    public static PromptSetConfig SandboxNewVerbs { get; } = FromSandbox("sandbox-new-verbs", "attack_prompts_new_verbs.jsonl");

    /// <summary>The sandbox's 144 permitted requests with risky verbs, for over-refusal.</summary>
    public static PromptSetConfig SandboxLookalike { get; } = FromSandbox("sandbox-lookalike", "lookalike_prompts.jsonl");

    /// <summary>AdvBench's 520 requests (Zou et al., 2023).</summary>
    public static PromptSetConfig AdvBench { get; } = Create("advbench", DataCorpora.AdvBench, AdvBenchSource, RecordMapping.Columns("goal"));

    /// <summary>HEx-PHI (Qi et al., 2024): requests that a usage policy forbids; the category is the number of the file. Needs <c>AcceptLicenses("policy")</c>.</summary>
    public static PromptSetConfig Policy { get; } = Create(
        "policy",
        DataCorpora.Policy,
        DatasetSource.Csv("policy/category_*.csv", "hex-phi/category_*.csv") with { Columns = ["prompt"], Headings = [["prompt"]], FileColumn = "category" },
        RecordMapping.Columns("prompt", category: "category"));

    /// <summary>137 requests over policy categories. Needs <c>AcceptLicenses("policy-137")</c>.</summary>
    public static PromptSetConfig Policy137 { get; } = Create(
        "policy-137",
        DataCorpora.Policy137,
        DatasetSource.Json("policy-137/llm_category_benchmark.json", "llm_category_benchmark.json").Or(DatasetSource.JsonLines("policy-137/prompts.jsonl")),
        RecordMapping.Columns("prompt"));

    /// <summary>The requests of BeaverTails 30k_test, on which papers take the harmful score; most also occur in 30k_train. Needs <c>AcceptLicenses("beavertails")</c>.</summary>
    public static PromptSetConfig BeaverTails { get; } = Create(
        "beavertails",
        DataCorpora.BeaverTails,
        DatasetSource.JsonLines(HarmfulCorpora.BeaverTailsNames("30k", "test")),
        RecordMapping.Columns("prompt"));

    /// <summary>The rows of BeaverTails 30k_test whose answer is harmful, with it in the field <c>response</c>. Needs <c>AcceptLicenses("beavertails")</c>.</summary>
    public static PromptSetConfig BeaverTailsHarmful { get; } = Create(
        "beavertails-harmful",
        DataCorpora.BeaverTails,
        DatasetSource.JsonLines(HarmfulCorpora.BeaverTailsNames("30k", "test")).Where("is_safe", "false"),
        RecordMapping.Columns("prompt"));

    /// <summary>The requests of BeaverTails 330k_test, 33,396 rows. Needs <c>AcceptLicenses("beavertails")</c>.</summary>
    public static PromptSetConfig BeaverTails330k { get; } = Create(
        "beavertails-330k",
        DataCorpora.BeaverTails,
        DatasetSource.JsonLines(HarmfulCorpora.BeaverTailsNames("330k", "test")),
        RecordMapping.Columns("prompt"));

    /// <summary>XSTest (Röttger et al., 2024): 250 safe and 200 unsafe requests; the category is the type, <c>label</c> and <c>focus</c> are fields.</summary>
    public static PromptSetConfig XsTest { get; } = FromXsTest("xstest", null);

    /// <summary>The 250 safe requests of XSTest, for over-refusal.</summary>
    public static PromptSetConfig XsTestSafe { get; } = FromXsTest("xstest-safe", "safe");

    /// <summary>The 200 unsafe requests of XSTest.</summary>
    public static PromptSetConfig XsTestUnsafe { get; } = FromXsTest("xstest-unsafe", "unsafe");

    /// <summary>StrongREJECT's 313 forbidden requests (Souly et al., 2024).</summary>
    public static PromptSetConfig StrongReject { get; } = Create(
        "strongreject",
        DataCorpora.StrongReject,
        DatasetSource.Csv("strongreject/strongreject.csv", "strongreject/strongreject_dataset.csv"),
        RecordMapping.Columns("forbidden_prompt", category: "category"));

    /// <summary>HarmBench's 200 standard behaviors (Mazeika et al., 2024). Behaviors on copyright need their own detector and are not part of it.</summary>
    public static PromptSetConfig HarmBench { get; } = Create(
        "harmbench", DataCorpora.HarmBench, HarmBenchSource("standard"), RecordMapping.Columns("Behavior", category: "SemanticCategory"));

    /// <summary>HarmBench's 100 contextual behaviors, each behind its context.</summary>
    public static PromptSetConfig HarmBenchContextual { get; } = Create(
        "harmbench-contextual", DataCorpora.HarmBench, HarmBenchSource("contextual"), PromptMappings.BehaviorInContext);

    /// <summary>JailbreakBench's 100 harmful behaviors (Chao et al., 2024).</summary>
    public static PromptSetConfig JailbreakBench { get; } = FromJailbreakBench("jailbreakbench", "jailbreakbench/harmful-behaviors.csv", "jailbreakbench/jailbreakbench.csv");

    /// <summary>JailbreakBench's 100 harmless behaviors on the same themes.</summary>
    public static PromptSetConfig JailbreakBenchBenign { get; } = FromJailbreakBench("jailbreakbench-benign", "jailbreakbench/benign-behaviors.csv");

    /// <summary>MMLU's 14,042 test questions; fields <c>choice0</c> to <c>choice3</c>, <c>answer</c> (index) and <c>subject</c>.</summary>
    public static PromptSetConfig Mmlu { get; } = FromMmlu("mmlu", "test");

    /// <summary>MMLU's 285 development questions, five a subject: the examples shown before a question.</summary>
    public static PromptSetConfig MmluDev { get; } = FromMmlu("mmlu-dev", "dev");

    /// <summary>MT-Bench's 80 questions (Zheng et al., 2023): the first turn is the prompt, <c>turn2</c> and <c>reference</c> are fields.</summary>
    public static PromptSetConfig MtBench { get; } = Create(
        "mt-bench",
        DataCorpora.MtBench,
        DatasetSource.JsonLines("mt_bench/question.jsonl", "mt-bench/question.jsonl").Or(DatasetSource.Json("mt_bench/safetunebed_mt_bench.json", "mt_bench/mt_bench.json")),
        PromptMappings.TwoTurns);

    /// <summary>MT-Bench's reference answers by GPT-4 to its 30 questions of math, reasoning and coding: the prompt is the question's number, <c>choices</c> a field.</summary>
    public static PromptSetConfig MtBenchReferenceAnswers => Create("mt-bench-references", DataCorpora.MtBench, MtBenchReferences, RecordMapping.Columns("question_id"));

    /// <summary>The judge's prompts of FastChat: the prompt is the name, <c>system_prompt</c> and <c>prompt_template</c> are fields.</summary>
    public static PromptSetConfig MtBenchJudgePrompts { get; } = Create(
        "mt-bench-prompts", DataCorpora.MtBench, DatasetSource.JsonLines("mt_bench/judge_prompts.jsonl", "mt-bench/judge_prompts.jsonl"), RecordMapping.Columns("name"));

    /// <summary>MT-Bench's reference answers: records with <c>question_id</c> and <c>choices</c>.</summary>
    public static DatasetSource MtBenchReferences { get; } =
        DatasetSource.JsonLines("mt_bench/reference_answer_gpt-4.jsonl", "mt-bench/reference_answer/gpt-4.jsonl") with { Hint = DataCorpora.MtBench.Hint };

    /// <summary>Every set above.</summary>
    public static IReadOnlyList<PromptSetConfig> All =>
    [
        Sandbox, SandboxHarmful, SandboxNewVerbs, SandboxLookalike, AdvBench, Policy, Policy137, BeaverTails, BeaverTailsHarmful, BeaverTails330k, XsTest, XsTestSafe, XsTestUnsafe,
        StrongReject, HarmBench, HarmBenchContextual, JailbreakBench, JailbreakBenchBenign, Mmlu, MmluDev, MtBench, MtBenchReferenceAnswers, MtBenchJudgePrompts,
    ];

    /// <summary>Heading <c>goal,target</c>.</summary>
    internal static DatasetSource AdvBenchSource => DatasetSource.Csv("advbench/harmful_behaviors.csv", "harmful_behaviors.csv") with { Hint = DataCorpora.AdvBench.Hint };

    private static DatasetSource HarmBenchSource(string kind) =>
        DatasetSource.Csv("harmbench/harmbench_behaviors_text_all.csv", "harmbench/standard_behaviors.csv").Rename("BehaviorID", "id").Where("FunctionalCategory", kind);

    private static PromptSetConfig Create(string name, DataCorpus corpus, DatasetSource source, RecordMapping mapping) =>
        new(name, source with { Hint = corpus.Hint }, mapping) { License = corpus.License };

    private static PromptSetConfig FromSandbox(string name, string file) =>
        new(name, DatasetSource.Sandbox(file), RecordMapping.Columns("prompt", category: "category")) { MaxNewTokens = SandboxNewTokens };

    private static PromptSetConfig FromXsTest(string name, string? label)
    {
        DatasetSource file = DatasetSource.Csv("xstest/xstest_prompts.csv", "xstest_prompts.csv");
        return Create(name, DataCorpora.XsTest, label is null ? file : file.Where("label", label), RecordMapping.Columns("prompt", category: "type"));
    }

    private static PromptSetConfig FromJailbreakBench(string name, params IReadOnlyList<string> files) => Create(
        name, DataCorpora.JailbreakBench, DatasetSource.Csv(files).Rename("", "id").Rename("Index", "id"), RecordMapping.Columns("Goal", category: "Category"));

    // files without a heading give the answer as a letter, all others as an index: decided by the heading, never by the answer itself
    private static PromptSetConfig FromMmlu(string name, string split)
    {
        DatasetSource folder = DatasetSource.Csv($"mmlu/{split}/*_{split}.csv", $"mmlu/data/{split}/*_{split}.csv") with
        {
            Columns = ["question", "choice0", "choice1", "choice2", "choice3", "letter"],
            Headings = [["question", "choice0", "choice1", "choice2", "choice3", "answer"], ["question", "A", "B", "C", "D", "answer"]],
            Names = [new("A", "choice0"), new("B", "choice1"), new("C", "choice2"), new("D", "choice3")],
            FileColumn = "subject",
        };
        return Create(
            name,
            DataCorpora.Mmlu,
            folder.Or(DatasetSource.Parquet($"mmlu/{split}.parquet", $"mmlu/{split}-*.parquet")).Or(DatasetSource.JsonLines($"mmlu/{split}.jsonl")).Or(DatasetSource.Json($"mmlu/mmlu_{split}.json")),
            PromptMappings.MultipleChoice);
    }
}
