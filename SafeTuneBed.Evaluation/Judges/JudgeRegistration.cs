namespace SafeTuneBed.Judges;

/// <summary>A judge of the bed: settings of one, or the members of a panel.</summary>
/// <param name="Name">Its key among chat clients.</param>
/// <param name="Options">How it is asked; null for a panel.</param>
/// <param name="Members">Judges of the panel; empty for a single judge.</param>
internal sealed record JudgeRegistration(string Name, JudgeOptions? Options, IReadOnlyList<string> Members);
