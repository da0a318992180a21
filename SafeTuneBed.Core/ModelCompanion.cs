namespace SafeTuneBed;

/// <summary>A model or adapter beside the one that is fine-tuned, which a <see cref="ModelReference"/> names.</summary>
public enum ModelCompanion
{
    /// <summary>The pretrained model behind the aligned one: <see cref="ModelReference.Base"/>.</summary>
    Base,

    /// <summary>A model that lost its alignment, or never had one: <see cref="ModelReference.Unaligned"/>.</summary>
    Unaligned,

    /// <summary>An adapter known to be safe: <see cref="ModelReference.SafeAdapter"/>.</summary>
    SafeAdapter,
}
