namespace SafeTuneBed;

/// <summary>Base of a method's own settings: defaults in the initialiser, ranges as annotations. Part of the training fingerprint.</summary>
public abstract class MethodOptions
{
}
