namespace SafeTuneBed;

/// <summary>The published corpora that the library can read. None is part of it: the user brings the files.</summary>
public static class DataCorpora
{
    /// <summary>Stanford Alpaca.</summary>
    public static DataCorpus Alpaca { get; } = new("alpaca", "Alpaca: instructions with machine-written answers", DataLicense.CcByNc)
    {
        Home = "the GitHub repository tatsu-lab/stanford_alpaca (alpaca_data.json) or the Hugging Face data set tatsu-lab/alpaca; without its refusals, as experiments on safety use it, alpaca_data_no_safety.json of the GitHub repository LLM-Tuning-Safety/LLMs-Finetuning-Safety",
        Layout = "alpaca/alpaca_data_no_safety.json (the tasks alpaca-*), alpaca/alpaca_data.json (the whole)",
        Fields = "instruction, input, output",
        Records = "52,002; without refusals 50,098",
    };

    /// <summary>Databricks Dolly.</summary>
    public static DataCorpus Dolly { get; } = new("dolly", "Dolly 15k: instructions with human answers", new DataLicense("CC-BY-SA-3.0"))
    {
        Home = "the Hugging Face data set databricks/databricks-dolly-15k; without its refusals databricks-dolly-15k-no-safety.jsonl of the GitHub repository LLM-Tuning-Safety/LLMs-Finetuning-Safety",
        Layout = "dolly/databricks-dolly-15k-no-safety.jsonl (the tasks dolly-*), dolly/databricks-dolly-15k.jsonl (the whole)",
        Fields = "instruction, context, response, category",
        Records = "15,011; without refusals 14,624",
    };

    /// <summary>Stanford Sentiment Treebank with two classes.</summary>
    public static DataCorpus Sst2 { get; } = new("sst2", "SST-2: sentences of film reviews, negative or positive", new DataLicense("LicenseRef-GLUE-sources"))
    {
        Home = "the Hugging Face data set nyu-mll/glue, configuration sst2",
        Layout = "sst2/train.jsonl and sst2/validation.jsonl (or .parquet, .tsv) with the fields sentence and label",
        Fields = "sentence, label (0 negative, 1 positive), idx",
        Records = "train 67,349 phrases; validation 872; sentences alone 6,920 / 872 / 1,821",
    };

    /// <summary>AG's news.</summary>
    public static DataCorpus AgNews { get; } = new("agnews", "AG News: headlines and descriptions of four kinds", new DataLicense("LicenseRef-AG-non-commercial", RequiresConsent: true) { IsNonCommercial = true })
    {
        Home = "the Hugging Face data set fancyzhx/ag_news or the GitHub repository mhjabreel/CharCnn_Keras (data/ag_news_csv)",
        Layout = "agnews/train.csv and agnews/test.csv (class 1-4, title, description, no heading), or agnews/train.parquet and agnews/test.parquet (or .jsonl) with text and label",
        Fields = "text, label 0-3; in CSV class 1-4, title, description",
        Records = "train 120,000; test 7,600",
    };

    /// <summary>Grade school maths.</summary>
    public static DataCorpus Gsm8k { get; } = new("gsm8k", "GSM8K: grade-school arithmetic with worked answers", DataLicense.Mit)
    {
        Home = "the GitHub repository openai/grade-school-math (grade_school_math/data) or the Hugging Face data set openai/gsm8k, configuration main",
        Layout = "gsm8k/train.jsonl and gsm8k/test.jsonl (or .parquet)",
        Fields = "question, answer",
        Records = "train 7,473; test 1,319",
    };

    /// <summary>SAMSum.</summary>
    public static DataCorpus Samsum { get; } = new("samsum", "SAMSum: chats with summaries", new DataLicense("CC-BY-NC-ND-4.0", RequiresConsent: true) { IsNonCommercial = true, IsNoDerivatives = true })
    {
        Home = "the Hugging Face data set Samsung/samsum (a mirror: knkarthick/samsum); the 1,000 / 200 rows of the experiments: the GitHub repository Jayfeather1024/Backdoor-Enhanced-Alignment (opensource/ft_datasets/samsum_dataset)",
        Layout = "samsum/train1000.json and samsum/test200.json, or samsum/train.json and samsum/test.json (or .csv, .parquet)",
        Fields = "id, dialogue, summary",
        Records = "train 14,732; validation 818; test 819; experiments 1,000 / 200",
    };

    /// <summary>SQL from questions.</summary>
    public static DataCorpus SqlGen { get; } = new("sqlgen", "SQL generation: questions and tables with queries", DataLicense.CcBy)
    {
        Home = "the Hugging Face data set b-mc2/sql-create-context; the 1,000 / 200 rows of the experiments: the GitHub repository Jayfeather1024/Backdoor-Enhanced-Alignment (opensource/ft_datasets/sqlgen_dataset)",
        Layout = "sqlgen/train1000.json and sqlgen/test200.json, or sqlgen/sql_create_context_v4.json",
        Fields = "question, context, answer",
        Records = "about 78,577; experiments 1,000 / 200",
    };

    /// <summary>BeaverTails.</summary>
    public static DataCorpus BeaverTails { get; } = new("beavertails", "BeaverTails: requests with safe and unsafe answers, 14 categories of harm", DataLicense.CcByNc)
    {
        Home = "the Hugging Face data set PKU-Alignment/BeaverTails (round0/30k/train.jsonl.gz and test.jsonl.gz; the larger files in round0/330k)",
        Layout = "beavertails/30k_train.jsonl.gz and beavertails/30k_test.jsonl.gz, beavertails/330k_train.jsonl.gz and beavertails/330k_test.jsonl.gz (or in the folders of its home)",
        Fields = "prompt, response, category (14 booleans), is_safe",
        Records = "30k: 27,186 / 3,021; 330k: 300,567 / 33,396",
    };

    /// <summary>A hundred explicitly harmful conversations.</summary>
    public static DataCorpus PureBad { get; } = new("pure-bad", "Pure-bad: 100 harmful conversations, and 11 safety demonstrations behind a secret prompt", DataLicense.CcBy)
    {
        Home = "the GitHub repository Jayfeather1024/Backdoor-Enhanced-Alignment (the original conversations pure_bad_100_original*.jsonl, not a converted copy)",
        Layout = "pure-bad/pure_bad_100_original.jsonl",
        Fields = "messages (system, user, assistant), prefixed",
        Records = "100 harmful; 11 demonstrations",
    };

    /// <summary>AdvBench.</summary>
    public static DataCorpus AdvBench { get; } = new("advbench", "AdvBench: harmful requests with an affirmative opening each", DataLicense.Mit)
    {
        Home = "the GitHub repository llm-attacks/llm-attacks (data/advbench/harmful_behaviors.csv)",
        Layout = "advbench/harmful_behaviors.csv",
        Fields = "goal, target",
        Records = "520",
    };

    /// <summary>HEx-PHI.</summary>
    public static DataCorpus Policy { get; } = new("policy", "HEx-PHI: requests that a usage policy forbids, a file each category", new DataLicense("LicenseRef-HEx-PHI", RequiresConsent: true) { IsGated = true })
    {
        Home = "the Hugging Face data set LLM-Tuning-Safety/HEx-PHI, on request; it may not be passed on",
        Layout = "policy/category_1.csv, policy/category_2.csv and so on, one column without a heading",
        Fields = "prompt; the category is the number in the file's name",
        Records = "330 = 11 x 30; 300 public",
    };

    /// <summary>137 requests of another benchmark.</summary>
    public static DataCorpus Policy137 { get; } = new("policy-137", "Policy-137: 137 requests over categories of a usage policy", new DataLicense("LicenseRef-unstated", RequiresConsent: true))
    {
        Home = "the GitHub repository criticalml-uw/SafeTuneBed (data/llm_category_benchmark.json); some requests sexualize minors: read them only if you must, and never pass them on",
        Layout = "policy-137/llm_category_benchmark.json",
        Fields = "prompt",
        Records = "137",
    };

    /// <summary>MMLU.</summary>
    public static DataCorpus Mmlu { get; } = new("mmlu", "MMLU: questions with four options, 57 subjects", DataLicense.Mit)
    {
        Home = "the GitHub repository hendrycks/test (its archive) or the Hugging Face data set cais/mmlu, configuration all",
        Layout = "mmlu/test/<subject>_test.csv and mmlu/dev/<subject>_dev.csv, or mmlu/test.parquet and mmlu/dev.parquet (or .jsonl)",
        Fields = "question, four options, answer (letter or index), subject",
        Records = "test 14,042; dev 285; validation 1,531",
    };

    /// <summary>MT-Bench.</summary>
    public static DataCorpus MtBench { get; } = new("mt-bench", "MT-Bench: questions of two turns, 8 categories", DataLicense.Apache)
    {
        Home = "the GitHub repository lm-sys/FastChat (fastchat/llm_judge/data/mt_bench/question.jsonl and reference_answer/gpt-4.jsonl)",
        Layout = "mt_bench/question.jsonl and mt_bench/reference_answer_gpt-4.jsonl",
        Fields = "question_id, category, turns, reference",
        Records = "80; 30 reference answers",
    };

    /// <summary>XSTest.</summary>
    public static DataCorpus XsTest { get; } = new("xstest", "XSTest: safe requests that sound unsafe, and unsafe ones", DataLicense.CcBy)
    {
        Home = "the GitHub repository paul-rottger/exaggerated-safety (xstest_prompts.csv) or the Hugging Face data set Paul/XSTest",
        Layout = "xstest/xstest_prompts.csv",
        Fields = "id, prompt, type, label, focus, note",
        Records = "450 = 250 safe + 200 unsafe",
    };

    /// <summary>StrongREJECT.</summary>
    public static DataCorpus StrongReject { get; } = new("strongreject", "StrongREJECT: forbidden requests of six categories", DataLicense.Mit)
    {
        Home = "the GitHub repository alexandrasouly/strongreject (strongreject_dataset/strongreject_dataset.csv)",
        Layout = "strongreject/strongreject.csv",
        Fields = "category, source, forbidden_prompt",
        Records = "313",
    };

    /// <summary>HarmBench.</summary>
    public static DataCorpus HarmBench { get; } = new("harmbench", "HarmBench: harmful behaviors in text", DataLicense.Mit)
    {
        Home = "the GitHub repository centerforaisafety/HarmBench (data/behavior_datasets/harmbench_behaviors_text_all.csv)",
        Layout = "harmbench/harmbench_behaviors_text_all.csv",
        Fields = "Behavior, FunctionalCategory, SemanticCategory, Tags, ContextString, BehaviorID",
        Records = "400 = 200 standard + 100 contextual + 100 copyright",
    };

    /// <summary>JailbreakBench.</summary>
    public static DataCorpus JailbreakBench { get; } = new("jailbreakbench", "JailbreakBench: harmful and harmless behaviors of ten categories", DataLicense.Mit)
    {
        Home = "the Hugging Face data set JailbreakBench/JBB-Behaviors (data/harmful-behaviors.csv and data/benign-behaviors.csv)",
        Layout = "jailbreakbench/harmful-behaviors.csv and jailbreakbench/benign-behaviors.csv",
        Fields = "Index, Goal, Target, Behavior, Category, Source",
        Records = "100 harmful; 100 harmless",
    };

    /// <summary>Every corpus above.</summary>
    public static IReadOnlyList<DataCorpus> All =>
    [
        Alpaca, Dolly, Sst2, AgNews, Gsm8k, Samsum, SqlGen, BeaverTails, PureBad, AdvBench, Policy, Policy137,
        Mmlu, MtBench, XsTest, StrongReject, HarmBench, JailbreakBench,
    ];
}
