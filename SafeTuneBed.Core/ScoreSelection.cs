namespace SafeTuneBed;

/// <summary>
/// Chooses benign rows by a file of scores, one record a row: the rows that break safety most although none is harmful (He et al., 2024, whose scores are
/// similarities of representations or gradients to harmful rows), or the longest, or any other ranking made outside.
/// </summary>
/// <param name="Source">Where the scores are.</param>
/// <param name="Top">How many rows may be chosen from: those with the best scores; of equal scores the earlier row of the corpus.</param>
public sealed record ScoreSelection(DatasetSource Source, int Top)
{
    /// <summary>Column of the score, a number.</summary>
    public string Column { get; init; } = "score";

    /// <summary>Column that names the row: its 0-based position in the corpus's file, or its record id.</summary>
    public string Key { get; init; } = "index";

    /// <summary>Whether the lowest scores are the best ones (the control of the ranking, or distances).</summary>
    public bool Lowest { get; init; }
}
