namespace SafeTuneBed.Running;

/// <summary>
/// Foresees what evaluations will really ask. Answers are shared as the run shares them: stored ones, those of another measure of the same cell under the same
/// decoding, and whole evaluations of cells whose weights and items are the same.
/// </summary>
internal sealed class AnswerForecast
{
    private readonly HashSet<CellEvaluation> finished = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<string> made;

    /// <summary>Looks at what is on disk.</summary>
    public AnswerForecast(IReadOnlyList<Cell> cells)
    {
        foreach (CellEvaluation evaluation in cells.SelectMany(c => c.Evaluations).Where(e => RunStore.IsEvaluated(e, e.Folder)))
        {
            finished.Add(evaluation);
        }

        made = [.. finished.Select(e => e.Fingerprint)];
    }

    /// <summary>The evaluations of one cell. Cells are asked in the order of the plan.</summary>
    public IReadOnlyList<PlannedEvaluation> Of(Cell cell)
    {
        var given = new HashSet<(string Key, Question Question)>();
        var planned = new List<PlannedEvaluation>();
        foreach (CellEvaluation evaluation in cell.Evaluations)
        {
            planned.Add(Of(cell, evaluation, given));
            made.Add(evaluation.Fingerprint);
            if (IsGreedy(evaluation))
            {
                given.UnionWith((evaluation.Questions ?? []).Select(q => (evaluation.AnswerKey, q)));
            }
        }

        return planned;
    }

    private PlannedEvaluation Of(Cell cell, CellEvaluation evaluation, HashSet<(string Key, Question Question)> given)
    {
        string name = evaluation.Entry.Written;
        if (finished.Contains(evaluation))
        {
            return new PlannedEvaluation(name, evaluation.ItemCount, PlannedWork.Reuse, 0);
        }

        if (made.Contains(evaluation.Fingerprint))
        {
            return new PlannedEvaluation(name, evaluation.ItemCount, PlannedWork.Score, 0); // copied from its twin
        }

        HashSet<Question> stored = GenerationStore.Questions(evaluation.GenerationsPath, evaluation.AnswerKey);
        int answers;
        if (evaluation.Questions is { } questions)
        {
            if (IsGreedy(evaluation))
            {
                foreach (string file in GenerationStore.SiblingsOf(cell, evaluation))
                {
                    stored.UnionWith(GenerationStore.Questions(file, evaluation.AnswerKey));
                }
            }

            answers = questions.Count(q => !stored.Contains(q) && !given.Contains((evaluation.AnswerKey, q)));
        }
        else
        {
            answers = Math.Max(0, evaluation.ItemCount - stored.DistinctBy(q => q.ItemId).Count());
        }

        return new PlannedEvaluation(name, evaluation.ItemCount, answers == 0 && evaluation.ItemCount > 0 ? PlannedWork.Score : PlannedWork.Run, answers);
    }

    private static bool IsGreedy(CellEvaluation evaluation) => evaluation.Decoding.Temperature <= 0;
}
