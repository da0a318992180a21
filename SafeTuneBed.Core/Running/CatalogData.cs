using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace SafeTuneBed.Running;

/// <summary>The runner's view of the data set catalog.</summary>
internal sealed class CatalogData(DatasetCatalog catalog) : IDataHost
{
    public IReadOnlyList<string> DatasetNames => catalog.DatasetNames;

    public IReadOnlyList<string> PromptSetNames => catalog.PromptSetNames;

    public FinetuneDatasetConfig? FindDataset(string name) => catalog.Find(name);

    public PromptSetConfig? FindPromptSet(string name) => catalog.FindPromptSet(name);

    public IReadOnlyList<SafeTuneBedException> Check(FinetuneDatasetConfig dataset) => catalog.FindFaults(dataset);

    public IReadOnlyList<SafeTuneBedException> Check(PromptSetConfig promptSet) => catalog.FindFaults(promptSet);

    public async Task<TrainingRows> PrepareAsync(
        FinetuneDatasetConfig dataset,
        ulong seed,
        ModelDescription model,
        int maxLength,
        EvaluationPrompts evaluationPrompts,
        RowEdits? edits,
        CancellationToken cancellationToken)
    {
        PreparedDataset prepared = await catalog.GetDatasetAsync(
            dataset, seed, model.Tokenizer, model.Template, maxLength, [.. evaluationPrompts.Prompts.Select(p => p.Prompt), .. evaluationPrompts.Prompts.Select(p => p.AskedAs).OfType<string>()], cancellationToken).ConfigureAwait(false);
        ManifestDecontamination apart = prepared.Manifest.Decontamination;
        DatasetManifest manifest = prepared.Manifest with { Decontamination = apart with { Sets = [.. evaluationPrompts.Sets, .. apart.Sets] } };
        var rows = new TrainingRows
        {
            Examples = prepared.Tokenized,
            Texts = prepared.Examples,
            Fingerprint = Hash(prepared.Tokenized),
            HarmfulCount = manifest.Realized.Harmful,
            BenignCount = manifest.Realized.Benign,
            HarmfulPrompts = [.. prepared.Examples.Where(e => e.Role == ExampleRole.Harmful).Select(e => e.Input.Length == 0 ? e.Instruction : $"{e.Instruction} {e.Input}")],
            Manifest = JsonNode.Parse(manifest.ToJson()),
            Warnings = manifest.Warnings,
        };
        return edits is null ? rows : Edited(rows, edits, dataset, model, maxLength);
    }

    // A row that an edit made too long is left out and told; one that it added must fit.
    private TrainingRows Edited(TrainingRows rows, RowEdits edits, FinetuneDatasetConfig dataset, ModelDescription model, int maxLength)
    {
        var texts = new List<FinetuneExample>();
        var tokens = new List<TokenizedExample>();
        int tooLong = 0, place = 0;
        foreach (var (text, encoded) in catalog.Encode(edits.Apply(rows.Texts), dataset, model.Tokenizer, model.Template, maxLength))
        {
            TokenizedExample? row = encoded is null ? null : encoded with { RowId = place, Role = text.Role };
            place++;
            row = row is null || edits.ApplyToTokens is null ? row : edits.ApplyToTokens(row);
            if (row is null || row.InputIds.Length > maxLength)
            {
                tooLong++;
                continue;
            }

            texts.Add(text);
            tokens.Add(row with { RowId = tokens.Count });
        }

        string[] told = tooLong == 0 ? [] : [string.Create(CultureInfo.InvariantCulture, $"{tooLong} rows of '{dataset.Name}' are longer than {maxLength} tokens with what the method puts into them, and were left out.")];
        return rows with
        {
            Examples = tokens,
            Texts = texts,
            Fingerprint = Hash(tokens),
            HarmfulCount = texts.Count(t => t.Role == ExampleRole.Harmful),
            BenignCount = texts.Count(t => t.Role == ExampleRole.Benign),
            Warnings = [.. rows.Warnings, .. told],
        };
    }

    public Task<IReadOnlyList<PlannedFile>> FilesAsync(FinetuneDatasetConfig dataset, bool read, CancellationToken cancellationToken) => catalog.FilesAsync(dataset, read, cancellationToken);

    public Task<IReadOnlyList<PromptItem>> LoadPromptsAsync(PromptSetConfig promptSet, CancellationToken cancellationToken) => catalog.LoadPromptsAsync(promptSet, cancellationToken);

    public Task<IReadOnlyList<FinetuneExample>> LoadEvaluationAsync(FinetuneDatasetConfig dataset, CancellationToken cancellationToken) => catalog.LoadEvaluationAsync(dataset, cancellationToken);

    // What training sees and nothing else: a changed file, template or filter that gives the same tokens trains the same weights.
    private static string Hash(IReadOnlyList<TokenizedExample> rows)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> head = stackalloc byte[16];
        foreach (TokenizedExample row in rows)
        {
            BinaryPrimitives.WriteInt32LittleEndian(head, row.RowId);
            BinaryPrimitives.WriteInt32LittleEndian(head[4..], row.InputIds.Length);
            BinaryPrimitives.WriteInt32LittleEndian(head[8..], row.PromptTokenCount);
            BinaryPrimitives.WriteInt32LittleEndian(head[12..], (int)row.Role);
            hash.AppendData(head);
            byte[] ids = new byte[row.InputIds.Length * sizeof(int)];
            for (int i = 0; i < row.InputIds.Length; i++)
            {
                BinaryPrimitives.WriteInt32LittleEndian(ids.AsSpan(i * sizeof(int)), row.InputIds[i]);
            }

            hash.AppendData(ids);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
