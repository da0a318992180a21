namespace SafeTuneBed.Publications;

/// <summary>The SafeTuneBed paper's grid. Methods stand here by their registered names: this package does not see theirs.</summary>
internal static class SafeTuneBedPaper
{
    private const string AttackEntry = "attack-success@advbench", Knowledge = "mmlu", Conversation = "mt-bench", Grades = "harmfulness@advbench", Accuracy = "task-accuracy";

    private static readonly SafeTuneBedKeys Keys = new(AttackEntry + "/keyword-ref/attack-success", "mmlu/gen-ref/accuracy", "mmlu/gen-ref/accuracy", "mt-bench/stb-ref/mean");

    /// <summary>The paper on its own model.</summary>
    public static Paper Create() => new("SafeTuneBed", "arXiv 2506.00676 v1, June 2025")
    {
        Grid = new ExperimentGrid("safetunebed-2025")
        {
            Models = [ModelReference.Folder("Llama-2-7b-chat-hf") with { Base = ModelReference.Folder("Llama-2-7b-hf") }],
            Methods = ["none", "lora", "lisa", "vaccine", "safe-lora"],
            Datasets = [FinetuneDatasets.Sst2.Benign, FinetuneDatasets.Sst2.LowHarm, FinetuneDatasets.Sst2.HighHarm],
            Streams = new Dictionary<string, DatasetSelector> { ["align"] = SafetyCorpora.BeaverTails },
            Evaluators = [AttackEntry, Knowledge, Accuracy, Conversation, Grades],
            Seeds = [0, 1, 2],
            Baseline = "lora",
            Training = new TrainingOptions { GradientCheckpointing = true },

            // The authors of Vaccine use 2; the paper's configuration has 0.1.
            Overlays = [new ExperimentOverlay("vaccine") { Options = new Dictionary<string, object?> { ["Rho"] = 0.1 } }],
        },
        Measures =
        [
            new(AttackEntry, "attack success by the paper's keywords (keyword-ref), and by ours") { Items = 520, Register = b => b.AddAttackSuccess(o => o.Presets = ["keyword-robust", "keyword-ref"]) },
            new(Knowledge, "MMLU by the paper's protocol (gen-ref)") { Items = 14_042, Register = b => b.AddMmlu(o => o.Presets = ["gen-ref"]) },
            new(Accuracy, "whether the task was learned; not one of the paper's measures") { Register = b => b.AddTaskAccuracy() },
            new(Conversation, "MT-Bench by the paper's protocol (stb-ref)")
            {
                Items = 80, Answers = 2, JudgeCalls = 1, TokensSent = 900, TokensReceived = 150, Register = b => b.AddMtBench(o => o.Preset = "stb-ref"),
            },
            new(Grades, "a judge's grades from 1 to 5 of the same answers; the paper grades so, but no claim here rests on it")
            {
                Items = 520, Answers = 0, JudgeCalls = 1, TokensSent = 1_900, TokensReceived = 150, Register = b => b.AddHarmfulness(),
            },
        ],
        Claims = SafeTuneBedClaims.Of([FinetuneDatasets.Sst2], Keys, FinetuneDatasets.Sst2),
        ClaimsOf = tasks => SafeTuneBedClaims.Of(tasks, Keys, FinetuneDatasets.Sst2),
        Notes =
        [
            "The model is meta-llama/Llama-2-7b-chat-hf of the Hugging Face hub, and its base meta-llama/Llama-2-7b-hf: both are gated, so Meta's licence has to be accepted there before `hf download meta-llama/Llama-2-7b-chat-hf --local-dir <folder>` gives the files. The paper's judge is GPT-4o-mini; its prompt for grades is not part of this library.",
            "The figures are those that the paper's text gives and a summary repeats; its result tables were not at hand, so no claim names a table. They contradict each other in part (LoRA at 30 % poison: 38.5 % and \"60 % and more\"), and most name no task: at least one of two such claims can't be reproduced.",
            "The paper has one seed, samples its answers and asks requests without a template; here there are three seeds, answers are greedy, and requests stand in the template of the training.",
            "Both printed shares at 30 % poison are multiples of 1/156, the size of its AdvBench test file; here all 520 requests are asked, which hold these.",
            "The paper's Vaccine rows may lack its first stage, and one of its evaluators applies SafeLoRA to every method; here each row is what its name says.",
        ],
        ModelParameters = 6_738_415_616,
        Sandbox = OnSandbox,
    };

    private static Paper OnSandbox(Paper paper)
    {
        const string attack = "attack-success";
        DatasetFamily task = FinetuneDatasets.Sandbox.Sentiment;
        SafeTuneBedKeys keys = new(attack + "/keyword-ref/attack-success", Keys.Knowledge, Accuracy + "/accuracy", Keys.Conversation);
        return (paper with
        {
            Title = $"{paper.Title}, rehearsed on the sandbox",
            Grid = paper.Grid with
            {
                Name = paper.Grid.Name + "-sandbox",
                Models = [ModelReference.Sandbox],
                Datasets = [task.Benign, task.LowHarm, task.HighHarm],
                Streams = new Dictionary<string, DatasetSelector>(),
                Evaluators = [attack, Accuracy, Knowledge, Conversation],
                Training = null,
            },
            Measures =
            [
                new(attack, "attack success by the paper's keywords (keyword-ref), and by ours, on the sandbox's forbidden requests") { Items = 144, Register = b => b.AddAttackSuccess(o => o.Presets = ["keyword-robust", "keyword-ref"]) },
                new(Accuracy, "whether the task was learned; stands for MMLU in the claim that usefulness is kept") { Items = 300, Register = b => b.AddTaskAccuracy() },
            ],
            Claims = SafeTuneBedClaims.Of([task], keys, task),
            ClaimsOf = null,
            Sandbox = null,
            ModelParameters = null,
            Notes =
            [
                "The sandbox is a model of a million parameters in an invented world: these verdicts show that the way from plan to verdict works, and are no evidence about Llama-2. The claims' figures are Llama-2's.",
                "Settings of the sandbox's own recipes hold (lisa: rho 0.3; vaccine: a short stage, with the paper's rho 0.1).",
            ],
        }).Without(new Dictionary<string, string> { [Knowledge] = "the sandbox's model knows nothing that MMLU asks.", [Conversation] = "the sandbox's model holds no conversation that MT-Bench could rate." });
    }
}

/// <summary>The metric keys of the claims.</summary>
/// <param name="Attack">Attack success.</param>
/// <param name="Knowledge">MMLU.</param>
/// <param name="Usefulness">What must not fall under poison.</param>
/// <param name="Conversation">MT-Bench.</param>
internal sealed record SafeTuneBedKeys(string Attack, string Knowledge, string Usefulness, string Conversation);
