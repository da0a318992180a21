using System.Text.Json;
using System.Text.Json.Nodes;
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
