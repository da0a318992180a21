using System.Text.Json;
using System.Text.Json.Nodes;

namespace SafeTuneBed;

/// <summary>What <c>artifact.json</c> says.</summary>
/// <param name="Model">Where the model underneath lies.</param>
/// <param name="Merges">Folders of PEFT adapters, relative to the artifact's, in the order in which they are merged.</param>
/// <param name="HasAdapter">Whether the artifact's own folder holds an adapter.</param>
/// <param name="Template">Id of the template under which it was trained.</param>
/// <param name="TemplateFingerprint">SHA-256 of that template.</param>
internal sealed record ArtifactManifest(string Model, IReadOnlyList<string> Merges, bool HasAdapter, string? Template, string? TemplateFingerprint)
{
    private static readonly JsonSerializerOptions Plain = new(JsonSerializerDefaults.Web) { UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow };

    /// <summary>Under which everything is asked; null where nothing is put around it.</summary>
    public PromptPolicy? PromptPolicy { get; init; }

    /// <summary>Folder of a whole model, relative to the artifact's, that stands in the place of the model underneath; null where there is none.</summary>
    public string? Whole { get; init; }

    /// <summary>Raised when an older reader would miss part of an artifact.</summary>
    private const int Format = 3;

    // What every reader of that format understands is written in it.
    private const int FormatOfAdapters = 2;

    /// <exception cref="ModelFormatException">The file is damaged, or of a format that is not known.</exception>
    public static ArtifactManifest Read(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            JsonElement root = document.RootElement;
            int format = root.GetProperty("format").GetInt32();
            if (format is < 1 or > Format)
            {
                throw new ModelFormatException(path, FormattableString.Invariant($"format {format} is unknown; this version reads formats 1 to {Format}. Use the version that wrote it, or a newer one."));
            }

            bool named = root.TryGetProperty("template", out JsonElement template);
            return new ArtifactManifest(
                root.GetProperty("model").GetString() ?? throw new ModelFormatException(path, "model is null."),
                format == 1 ? [] : [.. root.GetProperty("merges").EnumerateArray().Select(m => Relative(path, m.GetString()))],
                root.GetProperty("adapter").ValueKind == JsonValueKind.String,
                named ? template.GetProperty("id").GetString() : null,
                named ? template.GetProperty("sha256").GetString() : null)
            {
                Whole = root.TryGetProperty("whole", out JsonElement whole) ? Relative(path, whole.GetString()) : null,
                PromptPolicy = root.TryGetProperty("promptPolicy", out JsonElement policy) ? policy.Deserialize<PromptPolicy>(Plain) : null,
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new ModelFormatException(path, $"it can't be read as an artifact manifest: {e.Message}", e);
        }
    }

    /// <summary>Writes it beside and renames it.</summary>
    public void Write(string path)
    {
        var json = new JsonObject
        {
            ["format"] = Whole is null ? FormatOfAdapters : Format,
            ["model"] = Model,
            ["merges"] = new JsonArray([.. Merges.Select(m => (JsonNode)m)]),
            ["adapter"] = HasAdapter ? "." : null,
        };
        if (Whole is not null)
        {
            json["whole"] = Whole;
        }

        if (Template is not null)
        {
            json["template"] = new JsonObject { ["id"] = Template, ["sha256"] = TemplateFingerprint };
        }

        if (PromptPolicy is not null)
        {
            json["promptPolicy"] = JsonSerializer.SerializeToNode(PromptPolicy, Plain);
        }

        File.WriteAllText(path + ".tmp", json.ToJsonString());
        File.Move(path + ".tmp", path, overwrite: true);
    }

    private static string Relative(string path, string? merge) => !string.IsNullOrWhiteSpace(merge) && !Path.IsPathRooted(merge)
        ? merge
        : throw new ModelFormatException(path, $"merges or whole names '{merge}'. Give a folder, relative to this file's.");
}
