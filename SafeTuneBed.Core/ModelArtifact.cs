using System.Text.Json;
using System.Text.Json.Nodes;
using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models;

namespace SafeTuneBed;

/// <summary>
/// What training made: a base model and what is laid over it. On disk the adapter is plain PEFT, readable by Python, beside one manifest
/// <c>artifact.json</c>.
/// </summary>
public sealed class ModelArtifact : IDisposable
{
    private const string ManifestFile = "artifact.json";

    /// <summary>The model underneath.</summary>
    public required ModelReference Model { get; init; }

    /// <summary>The adapter; null when the model is untouched.</summary>
    internal PeftAdapter? Adapter { get; init; }

    /// <summary>
    /// Id of the prompt template under which it was trained: <c>chat</c>, <c>alpaca</c> or <c>raw</c>; evaluation asks under the same. Null where nobody said, as in
    /// an adapter that was trained elsewhere.
    /// </summary>
    public string? Template { get; internal set; }

    /// <summary>SHA-256 of that template's text, hex; null where nobody said.</summary>
    internal string? TemplateFingerprint { get; set; }

    /// <summary>True when nothing is laid over the model.</summary>
    public bool IsUntouched => Adapter is null;

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
            Manifest read = ReadManifest(manifest);
            return new ModelArtifact
            {
                Model = model ?? read.Location,
                Adapter = read.HasAdapter ? PeftAdapter.Load(folder) : null,
                Template = read.Template,
                TemplateFingerprint = read.TemplateFingerprint,
            };
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
        var json = new JsonObject { ["format"] = 1, ["model"] = Model.Location, ["adapter"] = Adapter is null ? null : "." };
        if (Template is not null)
        {
            json["template"] = new JsonObject { ["id"] = Template, ["sha256"] = TemplateFingerprint };
        }

        string manifest = Path.Combine(folder, ManifestFile);
        File.WriteAllText(manifest + ".tmp", json.ToJsonString());
        File.Move(manifest + ".tmp", manifest, overwrite: true);
    }

    /// <summary>
    /// Merges the adapter into its model and writes the sum as a Hugging Face folder: W + s B A for every adapted layer, computed in f32 and stored in the model's own
    /// number type, whole weights that the adapter saved in the place of the model's, and the model's configuration, tokenizer and templates.
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
        if (Adapter is null)
        {
            throw new ConfigurationException($"Nothing is laid over {Model.Location}, so there is nothing to merge. Use the model as it is.");
        }

        if (options.MaxShardBytes < 1 || options.Prompts.Count == 0 || options.Prompts.Any(string.IsNullOrEmpty))
        {
            throw new ConfigurationException($"MaxShardBytes is {options.MaxShardBytes} and there are {options.Prompts.Count} prompts. Give at least 1 byte, and at least one prompt, none empty.");
        }

        TorchPreflight.Check();
        string source = Model.IsSandbox ? Sandbox.SandboxFolder.Resolve(null).Aligned : Path.GetFullPath(Model.Location);
        using var thread = new ComputeThread();
        return await thread.RunAsync(
            () => AdapterMerger.Merge(source, Adapter, Path.GetFullPath(folder), options, Model.DataType, ComputeDevice.Parse(Model.Device), cancellationToken),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Frees the adapter's tensors.</summary>
    public void Dispose() => Adapter?.Dispose();

    private static Manifest ReadManifest(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            JsonElement root = document.RootElement;
            if (root.GetProperty("format").GetInt32() is var format and not 1)
            {
                throw new ModelFormatException(path, $"format {format} is unknown; this version reads format 1.");
            }

            bool named = root.TryGetProperty("template", out JsonElement template);
            return new Manifest(
                root.GetProperty("model").GetString() ?? throw new ModelFormatException(path, "model is null."),
                root.GetProperty("adapter").ValueKind == JsonValueKind.String,
                named ? template.GetProperty("id").GetString() : null,
                named ? template.GetProperty("sha256").GetString() : null);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new ModelFormatException(path, $"it can't be read as an artifact manifest: {e.Message}", e);
        }
    }

    private sealed record Manifest(string Location, bool HasAdapter, string? Template, string? TemplateFingerprint);
}
