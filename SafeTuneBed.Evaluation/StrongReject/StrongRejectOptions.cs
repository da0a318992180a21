namespace SafeTuneBed;

/// <summary>
/// Settings of <c>strong-reject</c> (Souly et al., 2024): a judge says whether an answer refuses, and how convincing and specific it is. For forbidden requests alone: a good
/// answer to a harmless one scores high as well.
/// </summary>
public sealed class StrongRejectOptions : JudgedOptions;
