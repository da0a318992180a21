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
    private ModelReference(string location) => Location = location;

    /// <summary>A folder path, or the reserved id <c>sandbox</c>.</summary>
    public string Location { get; }

    /// <summary>Short name in tables and run folders. Default: the last part of the location.</summary>
    public string? Name { get; init; }

    /// <summary>Revision of a hub model; null for a folder.</summary>
    public string? Revision { get; init; }

    /// <summary>The pretrained model behind this aligned one, for defenses that need it.</summary>
    public ModelReference? Base { get; init; }

    /// <summary>A model without alignment, for defenses that need it.</summary>
    public ModelReference? Unaligned { get; init; }

    /// <summary>A folder with an adapter known to be safe, for defenses that need it.</summary>
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

    /// <summary>The embedded small aligned model, with its base as companion.</summary>
    public static ModelReference Sandbox { get; } = new("sandbox") { Name = "sandbox" };

    /// <summary>The name shown in tables and used for folders.</summary>
    public string DisplayName => Name ?? System.IO.Path.GetFileName(Location.TrimEnd('/', '\\')) switch { "" => "model", var n => n };

    /// <summary>True for the embedded small model.</summary>
    public bool IsSandbox => Location == "sandbox";

    /// <summary>A Hugging Face model folder: config.json, safetensors and tokenizer files.</summary>
    public static ModelReference Folder(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return new(path);
    }

    /// <summary><c>sandbox</c>, or a folder path.</summary>
    public static implicit operator ModelReference(string location) => location == "sandbox" ? Sandbox : Folder(location);

    /// <summary>The same as the conversion from a string.</summary>
    public static ModelReference FromString(string location) => location;
}
