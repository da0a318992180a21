namespace SafeTuneBed;

/// <summary>Something to evaluate that no grid trained: an adapter folder in PEFT's format, a folder of our own artifacts, or an artifact at hand.</summary>
public sealed record ArtifactReference
{
    private ArtifactReference(ModelReference model, string name) => (Model, Name) = (model, name);

    /// <summary>The model underneath.</summary>
    public ModelReference Model { get; }

    /// <summary>The row's name in tables, in the place of a method. Default: the folder's name.</summary>
    public string Name { get; init; }

    /// <summary>The folder, where the artifact is on disk.</summary>
    public string? Folder { get; private init; }

    /// <summary>The artifact, where it is at hand.</summary>
    public ModelArtifact? Artifact { get; private init; }

    /// <summary>The data set whose evaluation split task measures use, and whose name the row carries; null for none.</summary>
    public DatasetSelector? Dataset { get; init; }

    /// <summary>A folder with <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>, or with an artifact that this library saved.</summary>
    /// <param name="folder">The adapter's folder.</param>
    /// <param name="model">The model that the adapter was trained on.</param>
    public static ArtifactReference Adapter(string folder, ModelReference model)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        ArgumentNullException.ThrowIfNull(model);
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        string name = Path.GetFileName(full);
        return new(model, name.Length == 0 ? "adapter" : name) { Folder = full };
    }

    /// <summary>The model as it is, without any adapter.</summary>
    public static ArtifactReference Untouched(ModelReference model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return FromModelArtifact(new ModelArtifact { Model = model }) with { Name = "none" };
    }

    /// <summary>An artifact at hand.</summary>
    public static implicit operator ArtifactReference(ModelArtifact artifact) => FromModelArtifact(artifact);

    /// <summary>The same as the conversion from an artifact.</summary>
    public static ArtifactReference FromModelArtifact(ModelArtifact artifact)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        return new(artifact.Model, "artifact") { Artifact = artifact };
    }
}
