using System.Globalization;
using System.Reflection;

namespace SafeTuneBed.Data;

/// <summary>Lengths that a manifest states beside the tokens themselves.</summary>
/// <param name="Max">Longest length allowed.</param>
/// <param name="OverLengthChosen">Chosen rows that were longer before they were cut.</param>
internal readonly record struct ManifestLengths(int Max, int OverLengthChosen);

/// <summary>Writes down what a set was made of.</summary>
internal static class ManifestWriter
{
    // the compiler writes it behind a plus sign
    private static readonly string? Commit =
        typeof(ManifestWriter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+') is [_, var commit] ? commit : null;

    public static DatasetManifest Write(
        FinetuneDatasetConfig config, ulong seed, RecipeRows rows, MixResult mix, IReadOnlyList<TokenizedExample> tokens, ManifestText text, ManifestLengths lengths, string recipe)
    {
        int dropped = mix.Filters.Where(f => f.Name == Eligibility.LengthFilter).Sum(f => f.Dropped);
        int truncated = tokens.Count(t => t.Truncated);
        return new DatasetManifest
        {
            Dataset = config.Name,
            Task = config.TaskName,
            BuilderVersion = typeof(ManifestWriter).Assembly.GetName().Version?.ToString(3),
            GitCommit = Commit,
            Seed = seed,
            Mode = config.Mode,
            Requested = Counts(mix.Requested, config.Mode is MixMode.Replace or MixMode.Add ? config.PoisonRatio : mix.Requested.Ratio),
            Realized = Counts(mix.Realized, mix.Realized.Ratio),
            Sources = [.. Sources(config, rows)],
            Filters = [.. mix.Filters.Select(f => new ManifestFilter(f.Corpus, f.Role, f.Name, f.Parameter, f.Dropped))],
            Shortfall = [.. mix.Shortfalls.Select(s => new ManifestShortfall(s.Corpus, s.Role, s.Needed, s.Available, s.Action))],
            SelectionRule = SelectionOrder.Rule,
            Selection = config.Selection,
            Stratify = config.Stratify,
            Order = config.Order,
            Text = text,
            Length = new ManifestLength(
                lengths.Max, config.Length, dropped + lengths.OverLengthChosen, truncated, TokenStatistics.Of(tokens.Select(t => t.InputIds.Length))),
            SupervisedTokens = Enum.GetValues<ExampleRole>()
                .Where(role => tokens.Any(t => t.Role == role))
                .ToDictionary(role => role.ToString().ToLowerInvariant(), role => tokens.Where(t => t.Role == role).Sum(t => (long)t.SupervisedTokenCount)),
            Decontamination = new ManifestDecontamination(
                rows.Evaluation.Method, rows.Evaluation.Keys.Count, mix.Filters.Where(f => f.Name == Eligibility.EvaluationFilter).Sum(f => f.Dropped), mix.Overlap)
            {
                Sets = config.Evaluation is null ? [] : [$"{config.TaskName}-evaluation"],
            },
            RecordIdsSha256 = DatasetFingerprint.OfRows(mix.Examples),
            RecipeSha256 = recipe,
            Warnings = Warnings(config, mix, truncated),
        };
    }

    public static IReadOnlyList<string> Warnings(FinetuneDatasetConfig config, MixResult mix, int truncated)
    {
        var warnings = new List<string>(DatasetFaults.FindWarnings(config, mix.Requested));
        foreach (Shortfall s in mix.Shortfalls)
        {
            warnings.Add(string.Create(CultureInfo.InvariantCulture, $"Corpus '{s.Corpus}' has {s.Available} eligible rows of the {s.Needed} asked for; {s.Action}."));
        }

        if (mix.Overlap > 0)
        {
            warnings.Add(string.Create(CultureInfo.InvariantCulture, $"{mix.Overlap} training rows ask an evaluation prompt."));
        }

        if (truncated > 0)
        {
            warnings.Add(string.Create(CultureInfo.InvariantCulture, $"The answers of {truncated} rows were cut and end without an end token."));
        }

        return warnings;
    }

    private static ManifestCounts Counts(CountPlan plan, decimal ratio) =>
        new(plan.Benign, plan.Harmful, plan.Guide, plan.Total, ratio.ToString(CultureInfo.InvariantCulture));

    private static IEnumerable<ManifestSource> Sources(FinetuneDatasetConfig config, RecipeRows rows)
    {
        if (rows.Benign is { } benign)
        {
            ManifestSource source = Source(benign, ExampleRole.Benign, config.License, config.Source);
            if (config.Mapping.Cleaning != TextCleaning.None)
            {
                source = source with { Conditions = [.. source.Conditions, $"cleaned: {config.Mapping.Cleaning}"] };
            }

            yield return config.Scores is { } scores
                ? source with { Conditions = [.. source.Conditions, string.Create(CultureInfo.InvariantCulture, $"the {scores.Top} rows with the {(scores.Lowest ? "lowest" : "highest")} {scores.Column}")] }
                : source;
        }

        if (rows.Harmful is { } harmful)
        {
            ManifestSource source = Source(harmful, ExampleRole.Harmful, config.HarmfulSource!.License, config.HarmfulSource.Source);
            yield return source with { Conditions = [.. source.Conditions, .. config.HarmfulSource.Transforms.Select(t => $"{t.Kind}: {t.Text}")] };
        }

        if (rows.Guide is { } guide)
        {
            yield return Source(guide, ExampleRole.Guide, config.GuideSource!.License, config.GuideSource.Source);
        }
    }

    private static ManifestSource Source(Corpus corpus, ExampleRole role, DataLicense? license, DatasetSource source) =>
        new(corpus.Name, role, corpus.File, corpus.Sha256, corpus.Bytes, corpus.Records, corpus.Rows.Count, license?.Id, [.. Conditions(source)]) { Flags = license?.Flags ?? [] };

    private static IEnumerable<string> Conditions(DatasetSource source)
    {
        foreach (RecordFilter filter in source.Filters)
        {
            yield return $"{filter.Column} {(filter.IsNegated ? "is not" : "=")} {filter.Value}";
        }

        if (source.Partition is { } part)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"part {part.Index} of {part.Of}, seed {part.Seed}");
        }
    }
}
