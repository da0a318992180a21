using System.Collections.Concurrent;
using System.Globalization;
using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.Core.Running;

/// <summary>Data sets whose rows are made up from their recipe.</summary>
internal sealed class FakeData : IDataHost
{
    public static FinetuneDatasetConfig Dataset(string name, decimal ratio = 0, TrainingOptions? training = null) => new(name)
    {
        Task = name.Split('-')[0],
        Source = DatasetSource.JsonLines(name.Split('-')[0] + ".jsonl"),
        Mapping = RecordMapping.Columns("instruction", output: "output"),
        Evaluation = DatasetSource.JsonLines(name.Split('-')[0] + "-eval.jsonl"),
        Count = 20,
        PoisonRatio = ratio,
        HarmfulSource = ratio > 0 ? new HarmfulCorpus("poison", DatasetSource.JsonLines("poison.jsonl"), RecordMapping.Columns("prompt", output: "response")) : null,
        Training = training,
    };

    public Dictionary<string, FinetuneDatasetConfig> Datasets { get; } = new FinetuneDatasetConfig[] { Dataset("task-benign"), Dataset("task-high", 0.3m) }.ToDictionary(d => d.Name);

    public Dictionary<string, PromptSetConfig> PromptSets { get; } = new[] { "sandbox", "advbench" }
        .ToDictionary(n => n, n => new PromptSetConfig(n, DatasetSource.JsonLines(n + ".jsonl"), RecordMapping.Columns("prompt")) { MaxNewTokens = 24 });

    public ConcurrentQueue<EvaluationPrompts> Asked { get; } = new();

    public IReadOnlyList<string> DatasetNames => [.. Datasets.Keys];

    public IReadOnlyList<string> PromptSetNames => [.. PromptSets.Keys];

    public FinetuneDatasetConfig? FindDataset(string name) => Datasets.GetValueOrDefault(name);

    public PromptSetConfig? FindPromptSet(string name) => PromptSets.GetValueOrDefault(name);

    public IReadOnlyList<SafeTuneBedException> Check(FinetuneDatasetConfig dataset) =>
        dataset.Name.StartsWith("licensed", StringComparison.Ordinal) ? [new LicenseNotAcceptedException("Corpus 'poison' needs AcceptLicenses(\"poison\").")] : [];

    public IReadOnlyList<SafeTuneBedException> Check(PromptSetConfig promptSet) => [];

    public Task<TrainingRows> PrepareAsync(
        FinetuneDatasetConfig dataset, ulong seed, ModelDescription model, int maxLength, EvaluationPrompts evaluationPrompts, RowEdits? edits, CancellationToken cancellationToken)
    {
        Asked.Enqueue(evaluationPrompts);
        if (dataset.Count > 1000)
        {
            throw new InsufficientRecordsException("task", dataset.Count.Value, 1000, "Lower Count.");
        }

        int count = dataset.Count ?? 20, harmful = (int)(dataset.PoisonRatio * count);
        TokenizedExample[] rows =
        [
            .. Enumerable.Range(0, count).Select(i => new TokenizedExample
            {
                RowId = i,
                InputIds = [1, 2, i],
                PromptTokenCount = 1,
                Role = i < harmful ? ExampleRole.Harmful : ExampleRole.Benign,
                RecordId = string.Create(CultureInfo.InvariantCulture, $"{dataset.TaskName} {(i < harmful ? "harmful" : "benign")} {seed} {i}"),
            }),
        ];
        FinetuneExample[] texts = [.. rows.Select(r => new FinetuneExample { Instruction = r.RecordId, Output = "Yes.", Role = r.Role })];
        if (edits is not null)
        {
            texts = [.. edits.Apply(texts)];
            rows = [.. texts.Select((t, i) => new TokenizedExample { RowId = i, InputIds = [1, 2, i], PromptTokenCount = 1, Role = t.Role, RecordId = $"{t.System}|{t.Instruction}" })];
            rows = edits.ApplyToTokens is { } change ? [.. rows.Select(change)] : rows;
        }

        return Task.FromResult(new TrainingRows
        {
            Examples = rows,
            Texts = texts,
            Fingerprint = CanonicalJson.Hash(string.Join(';', rows.Select(r => r.PromptTokenCount == 1 ? r.RecordId : $"{r.RecordId} {r.PromptTokenCount}"))),
            HarmfulCount = rows.Count(r => r.Role == ExampleRole.Harmful),
            BenignCount = rows.Count(r => r.Role == ExampleRole.Benign),
            HarmfulPrompts = [.. rows.Take(harmful).Select(r => r.RecordId)],
            Warnings = harmful > 0 ? ["made up"] : [],
        });
    }

    public Task<IReadOnlyList<PlannedFile>> FilesAsync(FinetuneDatasetConfig dataset, bool read, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<PlannedFile>>([]);

    public Task<IReadOnlyList<PromptItem>> LoadPromptsAsync(PromptSetConfig promptSet, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<PromptItem>>([.. Enumerable.Range(0, 10).Select(i => new PromptItem { Id = $"{promptSet.Name}-{i}", Prompt = $"Do {i} of {promptSet.Name}" })]);

    public Task<IReadOnlyList<FinetuneExample>> LoadEvaluationAsync(FinetuneDatasetConfig dataset, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<FinetuneExample>>([.. Enumerable.Range(0, 5).Select(i => new FinetuneExample
        {
            Instruction = $"Question {i} of {dataset.Task}",
            Output = "Yes.",
            Origin = new ExampleOrigin(dataset.Task + "-eval", i),
        })]);
}
