namespace SafeTuneBed.Running;

/// <summary>What every bed knows without being told.</summary>
internal static class StandardParts
{
    public static void Add(SafeTuneBedBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
    }
}
