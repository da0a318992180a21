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
            Foreseen? foreseen = evaluation.Foreseen;
            given.UnionWith((foreseen?.Likelihoods ?? []).Select(q => (evaluation.LikelihoodKey, q)));
            if (IsGreedy(evaluation))
            {
                given.UnionWith((foreseen?.Answers ?? []).Select(q => (evaluation.AnswerKey, q)));
            }
        }

        return planned;
    }

    private PlannedEvaluation Of(Cell cell, CellEvaluation evaluation, HashSet<(string Key, Question Question)> given)
    {
        int? tokens = evaluation.Foreseen is { Answers.Count: 0 } ? null : evaluation.Decoding.MaxNewTokens;
        var planned = new PlannedEvaluation(evaluation.Entry.Written, evaluation.ItemCount, PlannedWork.Reuse, 0) { MaxNewTokens = tokens };
        if (finished.Contains(evaluation))
        {
            return planned;
        }

        if (made.Contains(evaluation.Fingerprint))
        {
            return planned with { Work = PlannedWork.Score }; // copied from its twin
        }

        int answers = Answers(cell, evaluation, given), likelihoods = Likelihoods(cell, evaluation, given);
        return planned with { Work = answers + likelihoods == 0 && evaluation.ItemCount > 0 ? PlannedWork.Score : PlannedWork.Run, Answers = answers, Likelihoods = likelihoods, Judging = evaluation.Judging };
    }

    private static int Answers(Cell cell, CellEvaluation evaluation, HashSet<(string Key, Question Question)> given)
    {
        HashSet<Question> stored = GenerationStore.Questions(evaluation.GenerationsPath, evaluation.AnswerKey);
        if (evaluation.Foreseen?.Answers is not { } questions)
        {
            bool onlyScores = evaluation.Evaluator.Needs.HasFlag(EvaluatorNeeds.LogProbabilities);
            return onlyScores ? 0 : Math.Max(0, evaluation.ItemCount - stored.DistinctBy(q => q.ItemId).Count());
        }

        if (IsGreedy(evaluation))
        {
            foreach (string file in GenerationStore.SiblingsOf(cell, evaluation))
            {
                stored.UnionWith(GenerationStore.Questions(file, evaluation.AnswerKey));
            }
        }

        return questions.Count(q => !stored.Contains(q) && !given.Contains((evaluation.AnswerKey, q)));
    }

    private static int Likelihoods(Cell cell, CellEvaluation evaluation, HashSet<(string Key, Question Question)> given)
    {
        if (!evaluation.Evaluator.Needs.HasFlag(EvaluatorNeeds.LogProbabilities))
        {
            return 0;
        }

        HashSet<Question> stored = LikelihoodStore.Questions(evaluation.LikelihoodsPath, evaluation.LikelihoodKey);
        foreach (string file in LikelihoodStore.SiblingsOf(cell, evaluation))
        {
            stored.UnionWith(LikelihoodStore.Questions(file, evaluation.LikelihoodKey));
        }

        return evaluation.Foreseen?.Likelihoods is { } questions
            ? questions.Count(q => !stored.Contains(q) && !given.Contains((evaluation.LikelihoodKey, q)))
            : Math.Max(0, evaluation.ItemCount - stored.DistinctBy(q => q.ItemId).Count());
    }

    private static bool IsGreedy(CellEvaluation evaluation) => evaluation.Decoding.Temperature <= 0;
}
