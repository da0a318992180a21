namespace SafeTuneBed;

/// <summary>Number types of weights and arithmetic.</summary>
public enum DataType
{
    /// <summary>The probe decides: bf16 arithmetic only where this machine is faster in it, f32 otherwise.</summary>
    Auto,

    /// <summary>32-bit floats.</summary>
    Float32,

    /// <summary>bfloat16.</summary>
    BFloat16,

    /// <summary>IEEE half precision.</summary>
    Float16,
}

/// <summary>Which model a run starts from, and its companions. Immutable; use <c>with</c>.</summary>
public sealed record ModelReference
{
    internal const string SandboxId = "sandbox";
    internal const string SandboxBaseId = "sandbox-base";

    private ModelReference(string location) => Location = location;

    /// <summary>A folder path, or one of the reserved ids <c>sandbox</c> and <c>sandbox-base</c>.</summary>
    public string Location { get; }

    /// <summary>Short name in tables and run folders. Default: the last part of the location.</summary>
    public string? Name { get; init; }

    /// <summary>
    /// Revision of a hub model. Nothing is downloaded, so a revision can't be looked at: a plan refuses a reference that names one. Give the folder of that
    /// revision in its place.
    /// </summary>
    public string? Revision { get; init; }

    /// <summary>The pretrained model behind this aligned one, for defenses that need it. A companion that no method of a grid needs is not opened, and changes nothing.</summary>
    public ModelReference? Base { get; init; }

    /// <summary>A model without alignment, for defenses that need it. As with <see cref="Base"/>, not opened where no method needs it.</summary>
    public ModelReference? Unaligned { get; init; }

    /// <summary>A folder with an adapter known to be safe, for defenses that need it. As with <see cref="Base"/>, not opened where no method needs it.</summary>
    public string? SafeAdapter { get; init; }

    /// <summary>
    /// Prompt template for everything that is trained on and asked of this model: <c>chat</c>, <c>alpaca</c> or <c>raw</c>. Wins over the data set's. Null: the
    /// data set's, else the model's own chat template, else <c>raw</c>.
    /// </summary>
    public string? Template { get; init; }

    /// <summary>Number type of the arithmetic. Default <see cref="SafeTuneBed.DataType.Auto"/>.</summary>
    public DataType DataType { get; init; }

    /// <summary><c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>. Null: cuda where it is present, else cpu.</summary>
    public string? Device { get; init; }

    /// <summary>The embedded small model before its alignment: it answers every request. A model of its own, and the companion of <see cref="Sandbox"/>.</summary>
    public static ModelReference SandboxBase { get; } = new(SandboxBaseId) { Name = SandboxBaseId };

    /// <summary>The embedded small aligned model, with <see cref="SandboxBase"/> as its <see cref="Base"/>.</summary>
    public static ModelReference Sandbox { get; } = new(SandboxId) { Name = SandboxId, Base = SandboxBase };

    /// <summary>The name shown in tables and used for folders.</summary>
    public string DisplayName => Name ?? System.IO.Path.GetFileName(Location.TrimEnd('/', '\\')) switch { "" => "model", var n => n };

    /// <summary>True for the embedded small models, aligned or base.</summary>
    public bool IsSandbox => Location is SandboxId or SandboxBaseId;

    /// <summary>A Hugging Face model folder: config.json, safetensors and tokenizer files.</summary>
    public static ModelReference Folder(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return new(path);
    }

    /// <summary><c>sandbox</c>, <c>sandbox-base</c>, or a folder path.</summary>
    public static implicit operator ModelReference(string location) => location switch
    {
        SandboxId => Sandbox,
        SandboxBaseId => SandboxBase,
        _ => Folder(location),
    };

    /// <summary>The same as the conversion from a string.</summary>
    public static ModelReference FromString(string location) => location;
}
