using SafeTuneBed.Judges;

namespace SafeTuneBed;

/// <summary>What one judge was asked in a run folder, by all runs so far.</summary>
/// <param name="Judge">The judge's registered name.</param>
/// <param name="Calls">Requests that were sent.</param>
/// <param name="Answered">Requests that were answered, and so paid.</param>
/// <param name="Failed">Requests that failed.</param>
/// <param name="PromptTokens">Tokens sent, as the judge counts them; answered requests only.</param>
/// <param name="CompletionTokens">Tokens received.</param>
/// <param name="Cost">Cost by the prices of each request's time; null where none was priced.</param>
public sealed record JudgeSpending(string Judge, long Calls, long Answered, long Failed, long PromptTokens, long CompletionTokens, decimal? Cost)
{
    /// <summary>Requests whose end is not on record: under way, or cut off when the process was killed.</summary>
    public long Open => Calls - Answered - Failed;
}

/// <summary>The book of what judges were asked and what it cost.</summary>
public static class JudgeLedger
{
    /// <summary>Reads the book of a run folder (<c>runs</c>), judge by judge; empty where no judge was asked.</summary>
    public static IReadOnlyList<JudgeSpending> Read(string runFolder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(runFolder);
        return JudgeJournal.ReadSpending(JudgeJournal.FolderBelow(runFolder));
    }
}
