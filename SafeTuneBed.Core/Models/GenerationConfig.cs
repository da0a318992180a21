using System.Text.Json;

namespace SafeTuneBed.Models;

/// <summary>What a model folder says about generation: its end-of-text ids, and how it wants to be decoded when that is asked for.</summary>
internal sealed class GenerationConfig
{
    public const string FileName = "generation_config.json";

    private readonly string path;
    private readonly JsonElement? settings;

    private GenerationConfig(string path, JsonElement? settings, IReadOnlyList<int> stopIds) => (this.path, this.settings, StopIds) = (path, settings, stopIds);

    /// <summary>A model without a folder: no ids, greedy.</summary>
    public static GenerationConfig None { get; } = new("", null, []);

    /// <summary>
    /// The end-of-text ids: <c>eos_token_id</c> of <c>generation_config.json</c>, a number or a list, or where that is silent of <c>config.json</c>, or where
    /// both are the tokenizer's.
    /// </summary>
    public IReadOnlyList<int> StopIds { get; }

    /// <summary>Reads a folder.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="tokenizerEos">The tokenizer's own end-of-text id.</param>
    /// <exception cref="ModelFormatException">A file is damaged, or an end id is neither a whole number nor a list of such.</exception>
    public static GenerationConfig Load(string folder, int? tokenizerEos = null)
    {
        string path = Path.Combine(folder, FileName), model = Path.Combine(folder, ModelConfig.FileName);
        JsonElement? settings = Read(path);
        IReadOnlyList<int>? stopIds = StopIdsOf(path, settings) ?? StopIdsOf(model, Read(model));
        return new GenerationConfig(path, settings, stopIds ?? (tokenizerEos is { } eos ? [eos] : []));
    }

    /// <summary>The options with the model's own settings in place of <see cref="GenerationOptions.UseModelDefaults"/>.</summary>
    /// <exception cref="ConfigurationException">Values of one's own are set beside the model's.</exception>
    /// <exception cref="ModelFormatException">The model asks for something that is not supported, or a value is out of range; every such field is named.</exception>
    public GenerationOptions Resolve(GenerationOptions options)
    {
        if (!options.UseModelDefaults)
        {
            return options;
        }

        if (options.Temperature != 0 || options.TopP != 1 || options.TopK != 0 || options.RepetitionPenalty != 1)
        {
            throw new ConfigurationException(
                $"Generation options: {nameof(options.UseModelDefaults)} is set together with a temperature, top-p, top-k or repetition penalty. Leave those out, or set all of them and not {nameof(options.UseModelDefaults)}.");
        }

        SamplingDefaults own = settings is { } given ? SamplingDefaults.Read(path, given) : new SamplingDefaults();
        return options with
        {
            UseModelDefaults = false,
            Temperature = own.Temperature,
            TopP = own.TopP,
            TopK = own.TopK,
            RepetitionPenalty = own.RepetitionPenalty,
            StopStrings = [.. options.StopStrings.Union(own.StopStrings)],
        };
    }

    private static int[]? StopIdsOf(string path, JsonElement? settings)
    {
        if (settings is not { } given || !given.TryGetProperty("eos_token_id", out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        JsonElement[] items = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        return [.. items.Select(i => i.ValueKind == JsonValueKind.Number && i.TryGetInt32(out int id) && id >= 0
            ? id
            : throw new ModelFormatException(path, $"eos_token_id is {ModelFaults.Quote(value.GetRawText())}, needed is a token id or a list of token ids."))];
    }

    private static JsonElement? Read(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { MaxDepth = 32 });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new ModelFormatException(path, "The file is no JSON object.");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(path, "The file can't be read as JSON: " + e.Message, e);
        }
    }
}
