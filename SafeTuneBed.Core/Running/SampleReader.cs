using System.Globalization;

namespace SafeTuneBed.Running;

/// <summary>Reads the answers behind a row from its run folders.</summary>
internal static class SampleReader
{
    /// <summary>By evaluator, seed and item. An evaluation that is not finished is left out.</summary>
    public static IReadOnlyList<ReportSample> Read(IReadOnlyList<Cell> cells) =>
    [
        .. from place in cells.SelectMany(c => c.Evaluations.Select((e, i) => (Cell: c, Evaluation: e, Index: i)))
           orderby place.Index // stable: seeds stay in order
           where RunStore.IsEvaluated(place.Evaluation, place.Evaluation.Folder)
           from sample in Read(place.Cell.Seed, place.Evaluation)
           select sample,
    ];

    private static IEnumerable<ReportSample> Read(ulong seed, CellEvaluation evaluation)
    {
        Dictionary<string, string> prompts = Prompts(evaluation);
        Dictionary<string, string> answers = GenerationStore.ReadTexts(evaluation.GenerationsPath, evaluation.AnswerKey);
        foreach (var item in EvaluationRunner.ReadScores(evaluation).GroupBy(s => s.ItemId, StringComparer.Ordinal))
        {
            yield return new ReportSample
            {
                Evaluator = evaluation.Entry.Written,
                Seed = seed,
                ItemId = item.Key,
                Prompt = prompts.GetValueOrDefault(item.Key),
                Answer = answers.GetValueOrDefault(item.Key),
                Scores = new OrderedDictionary<string, SampleScore>(item.Select(s => KeyValuePair.Create($"{evaluation.Entry.Written}/{s.Metric}", s)), StringComparer.Ordinal),
            };
        }
    }

    private static Dictionary<string, string> Prompts(CellEvaluation evaluation)
    {
        var prompts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (PromptItem item in evaluation.Prompts)
        {
            prompts[item.Id] = item.Prompt;
        }

        foreach (FinetuneExample example in evaluation.Examples)
        {
            string id = string.Create(CultureInfo.InvariantCulture, $"{example.Origin.Corpus}#{example.Origin.Index}");
            prompts[id] = string.IsNullOrEmpty(example.Input) ? example.Instruction : $"{example.Instruction}\n\n{example.Input}";
        }

        return prompts;
    }
}
