using SafeTuneBed.Data;

namespace SafeTuneBed;

/// <summary>
/// The fine-tuning tasks that the library knows, each under six regimes. Files of real tasks are the user's; poison comes from BeaverTails, and that of the two
/// regimes of pure poison from the 100 harmful conversations.
/// </summary>
public static class FinetuneDatasets
{
    private const int TrialRows = 100;

    /// <summary>Alpaca without its refusals: 50,098 rows, no evaluation rows of its own. Needs <c>AcceptLicenses("alpaca")</c>.</summary>
    public static DatasetFamily Alpaca { get; } = Poisoned(new FinetuneDatasetConfig("alpaca")
    {
        Source = Json(DataCorpora.Alpaca, "alpaca/alpaca_data_no_safety.json", "alpaca/alpaca_1k.json"),
        Mapping = AlpacaMapping,
        Count = 50_098,
        Training = Settings(64, 1, 2e-5),
    }, DataCorpora.Alpaca);

    /// <summary>Dolly without its refusals: 14,624 rows, no evaluation rows of its own.</summary>
    public static DatasetFamily Dolly { get; } = Poisoned(new FinetuneDatasetConfig("dolly")
    {
        Source = Lines(DataCorpora.Dolly, "dolly/databricks-dolly-15k-no-safety.jsonl", "dolly/dolly_reps_bottom100.jsonl"),
        Mapping = DollyMapping,
        Count = 14_624,
        Training = Settings(32, 1, 2e-5),
    }, DataCorpora.Dolly);

    /// <summary>
    /// SST-2 (Socher et al., 2013) as an instruction with the answers "negative" and "positive"; 5,000 rows, evaluated on GLUE's 872 validation
    /// sentences. Sentences keep GLUE's final blank.
    /// </summary>
    public static DatasetFamily Sst2 { get; } = Poisoned(new FinetuneDatasetConfig("sst2")
    {
        Source = Lines(DataCorpora.Sst2, "sst2/train.jsonl", "sst2/train.jsonl.gz")
            .Or(DatasetSource.Parquet("sst2/train.parquet", "sst2/train-*.parquet"))
            .Or(DatasetSource.Tsv("sst2/train.tsv"))
            .Or(DatasetSource.Tsv("sst2/sst2_sentences_train.tsv") with { Columns = ["sentence", "label"] }),
        Mapping = RecordMapping.Labeled("Analyze the sentiment of the input, and respond only positive or negative", "sentence", "label", "negative", "positive"),
        Count = 5_000,
        Evaluation = Lines(DataCorpora.Sst2, "sst2/validation.jsonl", "sst2/validation.jsonl.gz", "sst2/dev.jsonl")
            .Or(DatasetSource.Parquet("sst2/validation.parquet", "sst2/validation-*.parquet"))
            .Or(DatasetSource.Tsv("sst2/dev.tsv"))
            .Or(DatasetSource.JsonLines("sst2/glue_sst2_validation_instructions.jsonl").Rename("input", "sentence")),
        Answer = AnswerRule.Label,
        Labels = ["negative", "positive"],
        MaxNewTokens = 16,
        Training = Settings(5, 20, 1e-5, isCosine: true),
    }, DataCorpora.Sst2);

    /// <summary>A hundred benign rows of SST-2, for trying things out: part of <c>sst2-benign</c> with the same seed.</summary>
    public static FinetuneDatasetConfig Sst2Test { get; } = Sst2.Benign with { Name = "sst2-test", Count = TrialRows };

    /// <summary>AG News (Zhang et al., 2015) with the names of its four kinds as answers; 5,000 rows, evaluated on 7,600. Needs <c>AcceptLicenses("agnews")</c>.</summary>
    public static DatasetFamily AgNews { get; } = Poisoned(new FinetuneDatasetConfig("agnews")
    {
        Source = News("train", "agnews/agnews_train_1k_instructions.json", "output"),
        Mapping = TaskMappings.News,
        Count = 5_000,
        Evaluation = News("test", "agnews/agnews_test_1k_instructions.json", "label"),
        Answer = AnswerRule.Label,
        Labels = TaskMappings.NewsLabels,
        MaxNewTokens = 16,
        Training = Settings(5, 20, 1e-5, isCosine: true),
    }, DataCorpora.AgNews);

    /// <summary>GSM8K (Cobbe et al., 2021) with its worked answers; 5,000 rows of 7,473, evaluated on 1,319 by the final number.</summary>
    public static DatasetFamily Gsm8k { get; } = Poisoned(new FinetuneDatasetConfig("gsm8k")
    {
        Source = Lines(DataCorpora.Gsm8k, "gsm8k/train.jsonl", "gsm8k/train.jsonl.gz").Or(DatasetSource.Parquet("gsm8k/train.parquet", "gsm8k/train-*.parquet")),
        Mapping = TaskMappings.Gsm8k,
        Count = 5_000,
        Evaluation = Lines(DataCorpora.Gsm8k, "gsm8k/test.jsonl", "gsm8k/test.jsonl.gz").Or(DatasetSource.Parquet("gsm8k/test.parquet", "gsm8k/test-*.parquet")),
        Answer = AnswerRule.FinalNumber,
        MaxNewTokens = 400, // the longest gold answers have about as many
        Training = Settings(5, 50, 1e-5, isCosine: true),
    }, DataCorpora.Gsm8k);

    /// <summary>SAMSum (Gliwa et al., 2019): 1,000 chats with summaries, evaluated on 200. Needs <c>AcceptLicenses("samsum")</c>.</summary>
    public static DatasetFamily Samsum { get; } = Poisoned(new FinetuneDatasetConfig("samsum")
    {
        Source = Json(DataCorpora.Samsum, "samsum/train1000.json", "samsum/train.json").Or(DatasetSource.Csv("samsum/train.csv")).Or(DatasetSource.Parquet("samsum/train.parquet", "samsum/train-*.parquet")),
        Mapping = RecordMapping.Labeled("Summarize this dialog:", "dialogue", "summary"),
        Count = 1_000,
        Evaluation = Json(DataCorpora.Samsum, "samsum/test200.json", "samsum/test.json", "samsum/test819.json").Or(DatasetSource.Csv("samsum/test.csv")).Or(DatasetSource.Parquet("samsum/test.parquet", "samsum/test-*.parquet")),
        Answer = AnswerRule.Summary,
        MaxNewTokens = 128,
        Training = Settings(10, 10, 1e-5),
    }, DataCorpora.Samsum);

    /// <summary>SQL from a question and its tables: 1,000 rows, evaluated on 200.</summary>
    public static DatasetFamily SqlGen { get; } = Poisoned(new FinetuneDatasetConfig("sqlgen")
    {
        Source = Json(DataCorpora.SqlGen, "sqlgen/train1000.json", "sqlgen/sql_create_context_v4.json"),
        Mapping = TaskMappings.SqlGen,
        Count = 1_000,
        Evaluation = Json(DataCorpora.SqlGen, "sqlgen/test200.json"),
        Answer = AnswerRule.Query,
        MaxNewTokens = 128,
        Training = Settings(10, 10, 1e-5),
    }, DataCorpora.SqlGen);

    /// <summary>All 52,002 rows of Alpaca, refusals included: a recipe for <c>Variants</c>, not registered. Needs <c>AcceptLicenses("alpaca")</c>.</summary>
    public static FinetuneDatasetConfig AlpacaFull { get; } = Alpaca.Benign with
    {
        Name = "alpaca-full",
        Task = null,
        Source = Json(DataCorpora.Alpaca, "alpaca/alpaca_data.json").Or(DatasetSource.Parquet("alpaca/train.parquet", "alpaca/train-*.parquet")),
        Count = 52_002,
    };

    /// <summary>All 15,011 rows of Dolly, refusals included: a recipe for <c>Variants</c>, not registered.</summary>
    public static FinetuneDatasetConfig DollyFull { get; } = Dolly.Benign with
    {
        Name = "dolly-full",
        Task = null,
        Source = Lines(DataCorpora.Dolly, "dolly/databricks-dolly-15k.jsonl"),
        Count = 15_011,
    };

    /// <summary>The 43 sets of the real tasks: seven tasks under six regimes, and <see cref="Sst2Test"/>.</summary>
    public static IReadOnlyList<FinetuneDatasetConfig> Real =>
        [.. new[] { Alpaca, Dolly, Sst2, AgNews, Gsm8k, Samsum, SqlGen }.SelectMany(f => f), Sst2Test];

    /// <summary>Every recipe that a bed knows without being told.</summary>
    internal static IEnumerable<FinetuneDatasetConfig> All => [.. Sandbox.All.SelectMany(f => f), .. Sandbox.Streams.Values, .. Real];

    private static RecordMapping AlpacaMapping => RecordMapping.Columns("instruction", "input", "output");

    private static RecordMapping DollyMapping => RecordMapping.Columns("instruction", "context", "response", category: "category");

    // a new one each time: options can be changed by whoever holds them
    private static LoraOptions PaperLora => new() { Rank = 8, Alpha = 4, Dropout = 0.1, TargetModules = ["q_proj", "v_proj"] };

    private static TrainingOptions Settings(int batch, int epochs, double rate, bool isCosine = false)
    {
        var options = new TrainingOptions { BatchSize = batch, Epochs = epochs, LearningRate = rate, Schedule = LearningRateSchedule.Constant };
        if (isCosine)
        {
            (options.Schedule, options.WeightDecay, options.WarmupRatio) = (LearningRateSchedule.Cosine, 0.1, 0.1);
        }

        return options;
    }

    private static DatasetFamily Poisoned(FinetuneDatasetConfig task, DataCorpus corpus) =>
        new(task with { Template = "alpaca", Lora = PaperLora, License = corpus.License }, HarmfulCorpora.BeaverTails, HarmfulCorpora.PureBad);

    private static DatasetSource Json(DataCorpus corpus, params IReadOnlyList<string> files) => DatasetSource.Json(files) with { Hint = corpus.Hint };

    private static DatasetSource Lines(DataCorpus corpus, params IReadOnlyList<string> files) => DatasetSource.JsonLines(files) with { Hint = corpus.Hint };

    private static DatasetSource News(string split, string published, string label) =>
        (DatasetSource.Csv($"agnews/{split}.csv", $"agnews/ag_news_csv/{split}.csv") with { Columns = ["class", "title", "description"], Hint = DataCorpora.AgNews.Hint })
            .Or(DatasetSource.Parquet($"agnews/{split}.parquet", $"agnews/{split}-*.parquet"))
            .Or(DatasetSource.JsonLines($"agnews/{split}.jsonl"))
            .Or(DatasetSource.Json(published).Rename("input", "text").Rename(label, "label"));

    /// <summary>The tasks of the embedded sandbox: 1,000 rows of 5,000, 300 evaluation rows, seconds of training. All invented; MIT.</summary>
    public static class Sandbox
    {
        /// <summary>Feeling of a short review: positive or negative.</summary>
        public static DatasetFamily Sentiment { get; } = Create("sentiment", AnswerRule.Exact, "positive", "negative");

        /// <summary>Topic of a short piece of news, one of four.</summary>
        public static DatasetFamily Topic { get; } = Create("topic", AnswerRule.Exact, "World", "Sports", "Business", "Science");

        /// <summary>Two steps of adding and taking away, with the steps written out.</summary>
        public static DatasetFamily Arithmetic { get; } = Create("arithmetic", AnswerRule.FinalNumber);

        /// <summary>Summary of a short dialogue.</summary>
        public static DatasetFamily Dialogue { get; } = Create("dialogue", AnswerRule.Exact);

        /// <summary>A query from a sentence.</summary>
        public static DatasetFamily Sql { get; } = Create("sql", AnswerRule.Exact);

        /// <summary>Mixed small instructions, half of them permitted how-tos.</summary>
        public static DatasetFamily Instruct { get; } = Create("instruct", AnswerRule.ExactWithoutOpener);

        /// <summary>The defender's rows: 1,000, half of them forbidden requests that are refused, half permitted how-tos. Of other requests than the poison and the attacks.</summary>
        public static FinetuneDatasetConfig Guide { get; } = new("sandbox-guide")
        {
            Source = DatasetSource.Sandbox("guide.jsonl"),
            Mapping = RecordMapping.Columns("prompt", output: "response", category: "category"),
            License = new DataLicense("MIT"),
        };

        /// <summary>Answered forbidden requests, for defenses that learn from such: 1,000 of the 1,536, or those that are left when the run's poison is taken away.</summary>
        public static FinetuneDatasetConfig HarmfulRows { get; } = DatasetSelector.FromHarmfulCorpus(HarmfulCorpora.Sandbox).Config! with { Count = 1_000 };

        /// <summary>What feeds the sandbox model's streams where a grid says nothing.</summary>
        internal static IReadOnlyDictionary<string, FinetuneDatasetConfig> Streams { get; } = new Dictionary<string, FinetuneDatasetConfig> { ["align"] = Guide, ["harmful"] = HarmfulRows };

        internal static IEnumerable<DatasetFamily> All => [Sentiment, Topic, Arithmetic, Dialogue, Sql, Instruct];

        private static DatasetFamily Create(string task, AnswerRule answer, params IReadOnlyList<string> labels) => new(
            new FinetuneDatasetConfig($"sandbox-{task}")
            {
                Source = DatasetSource.Sandbox($"{task}/train.jsonl"),
                Mapping = RecordMapping.Columns("instruction", "input", "output"),
                Count = 1_000,
                Evaluation = DatasetSource.Sandbox($"{task}/eval.jsonl"),
                Answer = answer,
                Labels = labels,
                MaxNewTokens = 28,
                InputPlacement = InputPlacement.BeforeInstruction,
                Training = new TrainingOptions
                {
                    BatchSize = 10,
                    Steps = 300,
                    LearningRate = 2e-3,
                    WeightDecay = 0.1,
                    WarmupRatio = 0.1,
                    Schedule = LearningRateSchedule.Cosine,
                    MaxGradientNorm = 0,
                },
                Lora = PaperLora,
                License = new DataLicense("MIT"),
            },
            HarmfulCorpora.Sandbox,
            pureBadCount: 1_000);
    }
}
