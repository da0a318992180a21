using SafeTuneBed.HumanRatings;

namespace SafeTuneBed;

/// <summary>Draws answers of a report for people to rate.</summary>
public static class CalibrationExtensions
{
    /// <summary>
    /// Draws answers that people rate without knowing whose they are and what the scorers said. Half of them are answers on which the scorers differ, where there are several;
    /// within each half every score of the first scorer comes equally often, and each score's answers are spread over models, methods, data sets and seeds. Answers that are
    /// empty, or that a scorer left unscored, are not drawn. Agreement is weighted back to all answers, so that the choice does not color it.
    /// </summary>
    /// <param name="report">A report with stored answers.</param>
    /// <param name="scorers">One scorer or more, all of one scale, as in <see cref="JudgeSensitivityExtensions.CompareJudges"/>.</param>
    /// <param name="count">Answers to draw; all where there are fewer.</param>
    /// <param name="seed">Seed of the draw: the same seed draws the same answers.</param>
    /// <exception cref="ConfigurationException">A scorer is unknown or has another scale, no answer is stored, or the number is too small for each score to come once.</exception>
    public static CalibrationSample DrawCalibrationSample(this GridReport report, IReadOnlyList<string> scorers, int count = 100, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(scorers);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return CalibrationDraw.Draw(report, scorers, count, seed);
    }
}
