using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using SafeTuneBed.Data;

namespace SafeTuneBed.Running;

/// <summary>Runs one evaluation of a cell, or finds it done, or takes it over from a cell whose weights and items are the same.</summary>
internal sealed class EvaluationRunner(IReadOnlyList<Cell> cells, IMetricAggregator aggregator, TimeProvider time, ILogger logger, string sharedFolder)
{
    // Cells of an untrained model differ in nothing that their answers depend on.
    private readonly ILookup<string, string> twins = cells.SelectMany(c => c.Evaluations).ToLookup(e => e.Fingerprint, e => e.Folder, StringComparer.Ordinal);

    // Evaluations under way in this run, by fingerprint: cells of an untrained model share theirs.
    private readonly ConcurrentDictionary<string, TaskCompletionSource<string?>> claims = new(StringComparer.Ordinal);

    /// <summary>Makes the evaluation's folder complete.</summary>
    /// <returns>True when nothing had to be done.</returns>
    public async Task<bool> RunAsync(Cell cell, CellEvaluation evaluation, ITextGenerator model, Action<int, int> progress, CancellationToken cancellationToken)
    {
        if (RunStore.IsEvaluated(evaluation, evaluation.Folder))
        {
            return true;
        }

        var mine = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        while (claims.GetOrAdd(evaluation.Fingerprint, mine) is { } claim && claim != mine)
        {
            if (await claim.Task.WaitAsync(cancellationToken).ConfigureAwait(false) is { } done && RunStore.IsEvaluated(evaluation, done))
            {
                await CopyAsync(done, evaluation.Folder).ConfigureAwait(false);
                return true;
            }

            claims.TryRemove(KeyValuePair.Create(evaluation.Fingerprint, claim)); // the other one failed: this cell tries itself
        }

        try
        {
            if (twins[evaluation.Fingerprint].FirstOrDefault(f => f != evaluation.Folder && RunStore.IsEvaluated(evaluation, f)) is { } twin)
            {
                await CopyAsync(twin, evaluation.Folder).ConfigureAwait(false);
                mine.SetResult(evaluation.Folder);
                return true;
            }

            await EvaluateAsync(cell, evaluation, model, progress, cancellationToken).ConfigureAwait(false);
            mine.SetResult(evaluation.Folder);
            return false;
        }
        catch
        {
            mine.SetResult(null);
            throw;
        }
    }

    /// <summary>The scores of a finished evaluation.</summary>
    public static IReadOnlyList<SampleScore> ReadScores(CellEvaluation evaluation) =>
        [.. File.ReadLines(evaluation.ScoresPath).Where(l => l.Length > 0).Select(l => JsonSerializer.Deserialize<SampleScore>(l, CanonicalJson.Line)!)];

    private async Task EvaluateAsync(Cell cell, CellEvaluation evaluation, ITextGenerator model, Action<int, int> progress, CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        Directory.CreateDirectory(evaluation.Folder);
        File.Delete(evaluation.MetricsPath);
        EvaluationResult result;
        int generated;
        using (GenerationStore answers = GenerationStore.Open(evaluation.GenerationsPath, evaluation.AnswerKey, time, GenerationStore.SiblingsOf(cell, evaluation)))
        using (LikelihoodStore likelihoods = LikelihoodStore.Open(evaluation.LikelihoodsPath, evaluation.LikelihoodKey, time, LikelihoodStore.SiblingsOf(cell, evaluation)))
        {
            var context = new EvaluationContext
            {
                EvaluatorName = evaluation.Entry.Name,
                Model = model,
                PromptItems = evaluation.Prompts,
                FurtherPrompts = evaluation.FurtherPrompts,
                EvaluationItems = evaluation.Examples,
                Dataset = cell.Dataset,
                Generation = evaluation.Decoding,
                Seed = cell.Seed,
                Progress = progress,
                Logger = logger,
                Folder = evaluation.Folder,
                SharedFolder = sharedFolder,
                Store = answers,
                Likelihoods = likelihoods,
            };
            result = await evaluation.Evaluator.EvaluateAsync(context, cancellationToken).ConfigureAwait(false);
            generated = answers.Added;
        }

        Check(evaluation, result);
        var lines = new StringBuilder();
        foreach (SampleScore score in result.Scores)
        {
            lines.Append(JsonSerializer.Serialize(score, CanonicalJson.Line)).Append('\n');
        }

        DurableFile.WriteText(evaluation.ScoresPath, lines.ToString());
        DurableFile.WriteJson(evaluation.MetricsPath, new JsonObject
        {
            ["format"] = 1,
            ["fingerprint"] = evaluation.Fingerprint,
            ["parts"] = evaluation.Parts.DeepClone(),
            ["evaluator"] = evaluation.Entry.Name,
            ["promptSet"] = evaluation.PromptSet,
            ["items"] = evaluation.ItemCount,
            ["generated"] = generated,
            ["seconds"] = Math.Round(time.GetElapsedTime(start).TotalSeconds, 3),
            ["finished"] = time.GetUtcNow().ToString("O", System.Globalization.CultureInfo.InvariantCulture),
            ["scoresSha256"] = FileDigest.Read(evaluation.ScoresPath),
            ["generationsSha256"] = File.Exists(evaluation.GenerationsPath) ? FileDigest.Read(evaluation.GenerationsPath) : null,
            ["likelihoodsSha256"] = File.Exists(evaluation.LikelihoodsPath) ? FileDigest.Read(evaluation.LikelihoodsPath) : null,
            ["metrics"] = new JsonArray([.. evaluation.Metrics.Select(m => JsonSerializer.SerializeToNode(
                aggregator.Aggregate($"{evaluation.CanonicalName}/{m.Name}", m, [.. result.Scores.Where(s => s.Metric == m.Name)]), CanonicalJson.Line))]),
            ["environment"] = RunEnvironment.Describe(),
        });
    }

    private static void Check(CellEvaluation evaluation, EvaluationResult result)
    {
        HashSet<string> known = [.. evaluation.Metrics.Select(m => m.Name)];
        var seen = new HashSet<(string, string)>();
        foreach (SampleScore score in result.Scores)
        {
            if (!known.Contains(score.Metric))
            {
                throw new InvalidOperationException($"The evaluator '{evaluation.Entry.Name}' gave a score of '{score.Metric}', which is not among its metrics ({string.Join(", ", known)}).");
            }

            if (!seen.Add((score.Metric, score.ItemId)))
            {
                throw new InvalidOperationException($"The evaluator '{evaluation.Entry.Name}' scored item '{score.ItemId}' twice under '{score.Metric}'.");
            }
        }
    }

    private static Task CopyAsync(string from, string to) => DurableFile.WriteFolderAsync(to, beside =>
    {
        foreach (string file in Directory.GetFiles(from).Where(f => !f.EndsWith(DurableFile.Unfinished, StringComparison.Ordinal)))
        {
            File.Copy(file, Path.Combine(beside, Path.GetFileName(file)));
        }

        return Task.CompletedTask;
    });
}
