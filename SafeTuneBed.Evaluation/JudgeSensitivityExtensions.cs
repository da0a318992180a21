using SafeTuneBed.Sensitivity;

namespace SafeTuneBed;

/// <summary>Compares what several judges, or judges and rules, make of the same answers.</summary>
public static class JudgeSensitivityExtensions
{
    /// <summary>
    /// Scores the stored answers of a finished grid with further scorers and compares them. No model is loaded and nothing is generated; verdicts on record are not asked for
    /// again. The grid's own report is made anew with the further measures in it.
    /// </summary>
    /// <param name="runner">The runner, with every judge and measure registered.</param>
    /// <param name="grid">The grid as it ran.</param>
    /// <param name="scorers">
    /// Two or more: entries of a grid such as <c>harmfulness</c> (its first headline number), or metric keys such as <c>harmfulness/stb15/mean</c> and <c>sandbox-judge/grade</c>.
    /// Scores are compared answer by answer where their scales agree, rankings always.
    /// </param>
    /// <param name="progress">Hears what is being done.</param>
    /// <param name="cancellationToken">Stops it; verdicts so far are kept.</param>
    /// <exception cref="SafeTuneBedException">Stored answers do not suffice, or the scorers were asked different things; the message names what differs.</exception>
    /// <exception cref="GridFailedException">A judge left too many answers without a verdict.</exception>
    public static async Task<JudgeSensitivityReport> CompareJudgesAsync(
        this ExperimentRunner runner, ExperimentGrid grid, IReadOnlyList<string> scorers, IProgress<RunProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(runner);
        ArgumentNullException.ThrowIfNull(grid);
        Scorer.Check(scorers);
        ExperimentGrid wider = grid with { Evaluators = [.. grid.Evaluators.Union(scorers.Select(Scorer.EntryOf), StringComparer.Ordinal)] };
        GridReport report = await runner.RescoreAsync(wider, progress, cancellationToken).ConfigureAwait(false);
        return await Task.Run(() => report.CompareJudges(scorers), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Compares scorers whose numbers a report already has.</summary>
    /// <param name="report">The report.</param>
    /// <param name="scorers">Two or more entries or metric keys, as in <see cref="CompareJudgesAsync"/>.</param>
    /// <exception cref="ConfigurationException">A scorer is unknown, or named twice.</exception>
    /// <exception cref="SafeTuneBedException">The scorers were asked different things; the message names what differs.</exception>
    public static JudgeSensitivityReport CompareJudges(this GridReport report, params IReadOnlyList<string> scorers)
    {
        ArgumentNullException.ThrowIfNull(report);
        Scorer.Check(scorers);
        return new JudgeComparison(ScoredAnswers.Of(report, scorers)).Compare();
    }
}
