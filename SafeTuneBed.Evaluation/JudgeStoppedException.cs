namespace SafeTuneBed;

/// <summary>
/// A judge can't be asked any more: its key is refused, it does not exist, it is down, or a ceiling is reached. Every verdict that was paid is kept; when the cause is
/// mended, running again goes on from there. Holds nothing that the service said, since that may repeat the key.
/// </summary>
public sealed class JudgeStoppedException : SafeTuneBedException
{
    /// <summary>Creates the exception.</summary>
    public JudgeStoppedException(string judge, string message)
        : base($"Judge '{judge}': {message}") => Judge = judge;

    /// <summary>The judge's registered name.</summary>
    public string Judge { get; }
}
