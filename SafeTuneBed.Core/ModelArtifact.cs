using System.Globalization;
using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models;

namespace SafeTuneBed;

/// <summary>
/// What training made: a model and what is laid over it, namely adapters of earlier stages that are merged into it, in order, and the adapter on top. On disk each is plain PEFT,
/// readable by Python, beside one manifest <c>artifact.json</c>. Whatever reads an artifact here puts all of it in force.
/// </summary>
public sealed class ModelArtifact : IDisposable
{
    private const string ManifestFile = "artifact.json";
    private const string MergeFolder = "merges";
    private const string WholeFolder = "model";

    /// <summary>The model underneath.</summary>
    public required ModelReference Model { get; init; }

    /// <summary>The adapter on top; null when nothing is laid over what is merged.</summary>
    internal PeftAdapter? Adapter { get; init; }

    /// <summary>The model all of whose weights were trained; null where an adapter was, or nothing. It stands in the place of the model underneath and of all merges.</summary>
    internal WholeModel? Whole { get; init; }

    /// <summary>Whether every weight was trained: what is stored is a whole model, a Hugging Face folder <c>model</c>, and no adapter.</summary>
    public bool IsWholeModel => Whole is not null;

    /// <summary>Adapters that are merged into the model, in this order, before <see cref="Adapter"/> is attached.</summary>
    internal IReadOnlyList<PeftAdapter> Merges { get; set; } = [];

    /// <summary>Number of adapters of earlier stages, such as an alignment, that are merged into the model underneath.</summary>
    public int MergeCount => Merges.Count;

    /// <summary>Everything laid over the model, from below: what a further stage starts from has all of it merged.</summary>
    internal IReadOnlyList<PeftAdapter> Layers => Adapter is null ? Merges : [.. Merges, Adapter];

    /// <summary>
    /// Id of the prompt template under which it was trained: <c>chat</c>, <c>alpaca</c> or <c>raw</c>; evaluation asks under the same. Null where nobody said, as in
    /// an adapter that was trained elsewhere.
    /// </summary>
    public string? Template { get; internal set; }

    /// <summary>What is put around everything that the model is asked; null where nothing is. Whatever opens the artifact obeys it.</summary>
    public PromptPolicy? PromptPolicy { get; internal set; }

    /// <summary>SHA-256 of that template's text, hex; null where nobody said.</summary>
    internal string? TemplateFingerprint { get; set; }

    /// <summary>True when nothing is laid over the model.</summary>
    public bool IsUntouched => Adapter is null && Whole is null && Merges.Count == 0;

    /// <summary>
    /// Reads an artifact, or any PEFT adapter folder.
    /// </summary>
    /// <param name="folder">A folder with <c>artifact.json</c>, or with <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>.</param>
    /// <param name="model">The model underneath; null takes what the folder names.</param>
    /// <exception cref="ModelFormatException">The folder is neither, or damaged.</exception>
    public static ModelArtifact Load(string folder, ModelReference? model = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        string manifest = Path.Combine(folder, ManifestFile);
        if (File.Exists(manifest))
        {
            return Read(folder, ArtifactManifest.Read(manifest), model);
        }

        if (!PeftAdapter.IsFolder(folder))
        {
            throw new ModelFormatException(folder, "there is neither an artifact.json nor a PEFT adapter_config.json in this folder.");
        }

        PeftAdapter adapter = PeftAdapter.Load(folder);
        if (model is null && adapter.BaseModel.Length == 0)
        {
            adapter.Dispose();
            throw new ModelFormatException(folder, "the adapter names no base model; give one.");
        }

        return new ModelArtifact { Model = model ?? adapter.BaseModel, Adapter = adapter };
    }

    /// <summary>Writes the artifact; the manifest comes last, so a folder without one is unfinished.</summary>
    public void Save(string folder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        Directory.CreateDirectory(folder);
        Adapter?.Save(folder);
        Whole?.Save(Path.Combine(folder, WholeFolder));
        string[] merges = [.. Merges.Select((_, i) => string.Create(CultureInfo.InvariantCulture, $"{MergeFolder}/{i}"))];
        foreach (var (merge, path) in Merges.Zip(merges))
        {
            merge.Save(Path.Combine(folder, path));
        }

        new ArtifactManifest(Model.Location, merges, Adapter is not null, Template, TemplateFingerprint) { PromptPolicy = PromptPolicy, Whole = Whole is null ? null : WholeFolder }.Write(Path.Combine(folder, ManifestFile));
    }

    /// <summary>
    /// Merges everything into its model and writes the sum as a Hugging Face folder: W + s B A for every adapted layer, of each merge in order and of the adapter, computed in f32 and
    /// stored in the model's own number type, whole weights that an adapter saved in the place of the model's, and the model's configuration, tokenizer and templates.
    /// </summary>
    /// <param name="folder">Where to write; it must be new or empty, and appears only when it is whole.</param>
    /// <param name="options">Size of the weight files, and texts to measure with.</param>
    /// <param name="cancellationToken">Stops between tensors and between texts; nothing is left behind.</param>
    /// <returns>What was written, and the measured difference of the logits (in f32 arithmetic, unless <see cref="ModelReference.DataType"/> says otherwise).</returns>
    /// <exception cref="ConfigurationException">There is no adapter, the folder is not empty, or an option is out of range.</exception>
    /// <exception cref="ModelFormatException">The adapter does not fit the model.</exception>
    public async Task<MergeResult> MergeAsync(string folder, MergeOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        options ??= new MergeOptions();
        if (IsUntouched)
        {
            throw new ConfigurationException($"Nothing is laid over {Model.Location}, so there is nothing to merge. Use the model as it is.");
        }

        if (Whole is { } whole)
        {
            throw new ConfigurationException($"Every weight was trained, so there is nothing to merge: the folder {WholeFolder} of the saved artifact is the model{(whole.IsStored ? $" ({whole.Folder})" : "")}.");
        }

        if (options.MaxShardBytes < 1 || options.Prompts.Count == 0 || options.Prompts.Any(string.IsNullOrEmpty))
        {
            throw new ConfigurationException($"MaxShardBytes is {options.MaxShardBytes} and there are {options.Prompts.Count} prompts. Give at least 1 byte, and at least one prompt, none empty.");
        }

        TorchPreflight.Check();
        string source = Model.IsSandbox ? Sandbox.SandboxFolder.Resolve(null).Aligned : Path.GetFullPath(Model.Location);
        using var thread = new ComputeThread();
        return await thread.RunAsync(
            () => AdapterMerger.Merge(source, Layers, Path.GetFullPath(folder), options, Model.DataType, ComputeDevice.Parse(Model.Device), cancellationToken),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Frees the adapters' tensors.</summary>
    public void Dispose()
    {
        Adapter?.Dispose();
        Whole?.Dispose();
        foreach (PeftAdapter merge in Merges)
        {
            merge.Dispose();
        }
    }

    private static ModelArtifact Read(string folder, ArtifactManifest manifest, ModelReference? model)
    {
        var merges = new List<PeftAdapter>();
        try
        {
            merges.AddRange(manifest.Merges.Select(path => PeftAdapter.Load(Path.GetFullPath(Path.Combine(folder, path)))));
            return new ModelArtifact
            {
                Model = model ?? manifest.Model,
                Merges = merges,
                Adapter = manifest.HasAdapter ? PeftAdapter.Load(folder) : null,
                Whole = manifest.Whole is { } whole ? WholeModel.Open(Path.GetFullPath(Path.Combine(folder, whole))) : null,
                Template = manifest.Template,
                TemplateFingerprint = manifest.TemplateFingerprint,
                PromptPolicy = manifest.PromptPolicy,
            };
        }
        catch
        {
            merges.ForEach(m => m.Dispose());
            throw;
        }
    }
}
