namespace SafeTuneBed.Data;

/// <summary>Reads, mixes and encodes sets.</summary>
internal sealed class DatasetBuilder(CorpusStore store, RecipeReader recipes, TokenCache? cache = null)
{
    private readonly EncodedCorpora encoded = new(cache);

    /// <summary>A set ready for training.</summary>
    public async Task<PreparedDataset> BuildAsync(
        FinetuneDatasetConfig config,
        ulong seed,
        IExampleEncoder encoder,
        ManifestText text,
        int maxLength,
        IReadOnlyCollection<string> evaluationPrompts,
        CancellationToken cancellationToken)
    {
        config.Validate();
        RecipeRows rows = await recipes.ReadAsync(config, evaluationPrompts, cancellationToken).ConfigureAwait(false);
        return await Task.Run(
            () =>
            {
                MixRequest request = Request(config, seed, rows);
                if (config.Length == LengthPolicy.ExcludeBeforeSelection)
                {
                    request = request with { MaxLength = maxLength, FitsLength = corpus => Fits(corpus, encoder, cancellationToken) };
                }

                MixResult mix = DatasetMixer.Mix(request);
                IReadOnlyList<EncodedExample> encodings = Encode(mix.Examples, rows, config.Length, encoder, cancellationToken);
                TokenizedExample[] tokens = [.. encodings.Select((e, i) => e.Tokens! with { RowId = i, Role = mix.Examples[i].Role })];
                DatasetManifest manifest = ManifestWriter.Write(config, seed, rows, mix, tokens, text, new ManifestLengths(maxLength, encodings.Count(e => e.IsOverLength)), Fingerprint(config, seed, rows));
                return new PreparedDataset(mix.Examples, tokens, manifest);
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Counts what the files give, without a tokenizer.</summary>
    public async Task<DatasetCheck> CheckAsync(FinetuneDatasetConfig config, IReadOnlyCollection<string> evaluationPrompts, CancellationToken cancellationToken)
    {
        config.Validate();
        RecipeRows rows = await recipes.ReadAsync(config, evaluationPrompts, cancellationToken).ConfigureAwait(false);
        MixResult mix = await Task.Run(() => DatasetMixer.Mix(Request(config, 0, rows)), cancellationToken).ConfigureAwait(false);
        return new DatasetCheck(mix.Requested, mix.Realized, ManifestWriter.Warnings(config, mix, truncated: 0));
    }

    /// <summary>The fingerprint of recipe, seed and file contents.</summary>
    public async Task<string> FingerprintAsync(FinetuneDatasetConfig config, ulong seed, IReadOnlyCollection<string> evaluationPrompts, CancellationToken cancellationToken)
    {
        config.Validate();
        RecipeRows rows = await recipes.ReadAsync(config, evaluationPrompts, cancellationToken).ConfigureAwait(false);
        return Fingerprint(config, seed, rows);
    }

    /// <summary>Rows of a defender's corpus for a stage of alignment.</summary>
    public async Task<IReadOnlyList<FinetuneExample>> SelectAsync(SafetyCorpus corpus, int count, ulong seed, IEnumerable<string> excludedPrompts, CancellationToken cancellationToken)
    {
        recipes.CheckLicense(corpus.Name, corpus.License, RecipeReader.Owner(corpus));
        Corpus rows = await store.LoadAsync(corpus.Source, corpus.Mapping, corpus.Name, ExampleRole.Alignment, false, RecipeReader.Owner(corpus), cancellationToken).ConfigureAwait(false);
        var request = new MixRequest
        {
            Benign = new MixCorpus(corpus.Name, ExampleRole.Alignment, rows.Rows) { ExcludedCategories = corpus.ExcludedCategories, KeepFirstPerPrompt = corpus.KeepFirstPerPrompt },
            Seed = seed,
            Count = count,
            Evaluation = new AskedPrompts(excludedPrompts.Select(PromptKey.Normalize).ToHashSet(StringComparer.Ordinal)),
        };
        return (await Task.Run(() => DatasetMixer.Mix(request), cancellationToken).ConfigureAwait(false)).Examples;
    }

    private string Fingerprint(FinetuneDatasetConfig config, ulong seed, RecipeRows rows)
    {
        IEnumerable<string> removed = config.AllowEvaluationOverlap ? [] : rows.Corpora.SelectMany(c => c.Rows).Where(rows.Evaluation.Ask).Select(r => r.RecordId);
        return DatasetFingerprint.OfRecipe(config, seed, source => store.Content(source, RecipeReader.Owner(config)), removed);
    }

    private static MixRequest Request(FinetuneDatasetConfig config, ulong seed, RecipeRows rows) => new()
    {
        Benign = new MixCorpus(config.TaskName, ExampleRole.Benign, rows.Benign?.Rows ?? []) { File = rows.Benign?.File, Records = rows.Benign?.Records ?? 0 },
        Harmful = rows.Harmful is { } pool
            ? new MixCorpus(pool.Name, ExampleRole.Harmful, pool.Rows) { ExcludedCategories = config.HarmfulSource!.ExcludedCategories, File = pool.File, Records = pool.Records }
            : null,
        Guide = rows.Guide is { } guide
            ? new MixCorpus(guide.Name, ExampleRole.Guide, guide.Rows) { ExcludedCategories = config.GuideSource!.ExcludedCategories, KeepFirstPerPrompt = config.GuideSource.KeepFirstPerPrompt }
            : null,
        GuideCount = config.GuideCount,
        GuideDisjointFromHarmful = config.GuideSource?.DisjointFromHarmful ?? true,
        Selection = config.Selection,
        Stratify = config.Stratify,
        Order = config.Order,
        Seed = seed,
        Mode = config.Mode,
        Count = config.Count,
        Ratio = config.PoisonRatio,
        HarmfulCount = config.HarmfulCount,
        Shortage = config.Shortage,
        Evaluation = rows.Evaluation,
        AllowEvaluationOverlap = config.AllowEvaluationOverlap,
    };

    private IReadOnlyList<bool> Fits(MixCorpus corpus, IExampleEncoder encoder, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<ExampleOrigin, EncodedExample> encodings = encoded.Encode(corpus.Rows, encoder, cancellationToken);
        return [.. corpus.Rows.Select(r => !encodings.TryGetValue(r.Origin, out EncodedExample e) || e.Tokens is not null)];
    }

    private List<EncodedExample> Encode(
        IReadOnlyList<FinetuneExample> chosen, RecipeRows rows, LengthPolicy policy, IExampleEncoder encoder, CancellationToken cancellationToken)
    {
        // under this policy whole corpora were encoded to know their lengths
        var known = new Dictionary<ExampleOrigin, EncodedExample>();
        if (policy == LengthPolicy.ExcludeBeforeSelection)
        {
            foreach (Corpus corpus in rows.Corpora)
            {
                foreach ((ExampleOrigin origin, EncodedExample encoding) in encoded.Encode(corpus.Rows, encoder, cancellationToken))
                {
                    known[origin] = encoding;
                }
            }
        }

        var encodings = new List<EncodedExample>(chosen.Count);
        foreach (FinetuneExample example in chosen)
        {
            cancellationToken.ThrowIfCancellationRequested();
            encodings.Add(known.TryGetValue(example.Origin, out EncodedExample encoding) ? encoding : encoder.Encode(example));
        }

        return encodings;
    }
}
