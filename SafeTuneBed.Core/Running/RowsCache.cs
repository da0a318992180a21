using SafeTuneBed.Text;

namespace SafeTuneBed.Running;

/// <summary>Training rows by what they depend on: summaries always, the rows themselves as long as there is room, so that a plan's work is not done twice.</summary>
internal sealed class RowsCache
{
    private const long MostTokens = 20_000_000; // 80 MB of ids

    private readonly Dictionary<string, (RowsSummary Summary, TrainingRows? Rows)> entries = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private long tokens;

    /// <summary>Prepares the rows, or takes the summary of equal ones.</summary>
    public async Task<RowsSummary> SummarizeAsync(
        IDataHost data, FinetuneDatasetConfig dataset, ulong seed, ModelDescription model, int maxLength, EvaluationPrompts asked, CancellationToken cancellationToken, RowEdits? edits = null)
    {
        string key = Key(dataset, seed, model, maxLength, asked, edits);
        lock (gate)
        {
            if (entries.TryGetValue(key, out var entry))
            {
                return entry.Summary;
            }
        }

        TrainingRows rows = await data.PrepareAsync(dataset, seed, model, maxLength, asked, edits, cancellationToken).ConfigureAwait(false);
        if (rows.Examples.Count == 0)
        {
            throw new ConfigurationException($"The data set '{dataset.Name}' gives no training rows. Raise its Count, or check its source and filters.");
        }

        var summary = new RowsSummary(
            rows.Fingerprint, rows.BenignCount, rows.HarmfulCount, rows.Examples.Count, rows.Examples.Sum(e => (long)e.InputIds.Length), rows.Manifest, rows.Warnings,
            MaskedPreview.Render(rows.Examples.FirstOrDefault(e => e.Role != ExampleRole.Harmful) ?? rows.Examples[0], model.Tokenizer))
        {
            Longest = rows.Examples.Max(e => e.InputIds.Length),
            Statistics = new PlannedTokens(
                TokenStatistics.Of(rows.Examples.Select(e => e.InputIds.Length)),
                rows.Examples.GroupBy(e => e.Role).OrderBy(g => g.Key).ToDictionary(g => g.Key, g => g.Sum(e => (long)e.SupervisedTokenCount))),
            LargestId = rows.Examples.Max(e => e.InputIds.Max()),
            HarmfulPrompts = rows.HarmfulPrompts,
        };
        lock (gate)
        {
            bool keep = tokens + summary.Tokens <= MostTokens;
            tokens += keep ? summary.Tokens : 0;
            entries[key] = (summary, keep ? rows : null);
        }

        return summary;
    }

    /// <summary>Rows as text.</summary>
    public async Task<IReadOnlyList<FinetuneExample>> GetTextsAsync(
        IDataHost data, FinetuneDatasetConfig dataset, ulong seed, ModelDescription model, int maxLength, EvaluationPrompts asked, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (entries.TryGetValue(Key(dataset, seed, model, maxLength, asked, null), out var entry) && entry.Rows is { } kept)
            {
                return kept.Texts;
            }
        }

        return (await data.PrepareAsync(dataset, seed, model, maxLength, asked, null, cancellationToken).ConfigureAwait(false)).Texts;
    }

    /// <summary>The user's rows of a cell.</summary>
    /// <exception cref="ConfigurationException">The data changed after it was planned.</exception>
    public Task<IReadOnlyList<TokenizedExample>> GetAsync(IDataHost data, Cell cell, CancellationToken cancellationToken) =>
        GetAsync(data, cell, cell.Dataset!, cell.Asked, cell.Rows!, cell.Edits, cancellationToken);

    /// <summary>The rows of a cell's streams: a defender's, whatever part they played in their own set.</summary>
    /// <exception cref="ConfigurationException">The data changed after it was planned.</exception>
    public async Task<IReadOnlyDictionary<string, IReadOnlyList<TokenizedExample>>> GetStreamsAsync(IDataHost data, Cell cell, CancellationToken cancellationToken)
    {
        var streams = new Dictionary<string, IReadOnlyList<TokenizedExample>>(StringComparer.Ordinal);
        foreach (var (name, stream) in cell.Streams)
        {
            IReadOnlyList<TokenizedExample> rows = await GetAsync(data, cell, stream.Dataset, stream.Asked, stream.Rows, null, cancellationToken).ConfigureAwait(false);
            streams[name] = AsDefenders(rows);
        }

        return streams;
    }

    /// <summary>Rows that a defender's corpus calls its benign ones, as what they are in a run.</summary>
    public static IReadOnlyList<TokenizedExample> AsDefenders(IReadOnlyList<TokenizedExample> rows) => [.. rows.Select(r => r.Role == ExampleRole.Benign ? r with { Role = ExampleRole.Alignment } : r)];

    private async Task<IReadOnlyList<TokenizedExample>> GetAsync(
        IDataHost data, Cell cell, FinetuneDatasetConfig dataset, EvaluationPrompts asked, RowsSummary planned, RowEdits? edits, CancellationToken cancellationToken)
    {
        int maxLength = cell.Experiment!.Training.MaxLength;
        lock (gate)
        {
            if (entries.TryGetValue(Key(dataset, cell.Seed, cell.Model, maxLength, asked, edits), out var entry) && entry.Rows is { } kept)
            {
                return kept.Examples;
            }
        }

        TrainingRows rows = await data.PrepareAsync(dataset, cell.Seed, cell.Model, maxLength, asked, edits, cancellationToken).ConfigureAwait(false);
        return rows.Fingerprint == planned.Fingerprint
            ? rows.Examples
            : throw new ConfigurationException($"The files of the data set '{dataset.Name}' changed while the grid was running. Run it again; finished cells stay.");
    }

    private static string Key(FinetuneDatasetConfig dataset, ulong seed, ModelDescription model, int maxLength, EvaluationPrompts asked, RowEdits? edits) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(dataset)} {dataset.Name} {seed} {maxLength} {model.Tokenizer.Fingerprint} {model.Template.Fingerprint} {Fingerprints.OfItems(asked.Prompts, asked.Examples)} {edits?.Key}");
}
