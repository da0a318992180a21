using System.Text.Json;

namespace SafeTuneBed.Text.Tokenizing;

/// <summary>What <c>tokenizer_config.json</c>, <c>special_tokens_map.json</c> and <c>added_tokens.json</c> say about a tokenizer. All of them may be missing.</summary>
internal sealed class TokenizerSettings
{
    private static readonly string[] RoleNames = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    private readonly Dictionary<string, string> roles = new(StringComparer.Ordinal);
    private readonly List<AddedToken> addedTokens = [];
    private readonly List<string> furtherSpecialTokens = [];

    private TokenizerSettings(string folder) => Folder = folder;

    public string Folder { get; }

    /// <summary>Texts by role (<c>bos_token</c> and so on).</summary>
    public IReadOnlyDictionary<string, string> Roles => roles;

    /// <summary>Added tokens with their ids.</summary>
    public IReadOnlyList<AddedToken> AddedTokens => addedTokens;

    /// <summary>Texts of special tokens without a role.</summary>
    public IReadOnlyList<string> FurtherSpecialTokens => furtherSpecialTokens;

    /// <summary>Whether a beginning-of-text id comes first; null where nothing is said.</summary>
    public bool? AddsBos { get; private set; }

    /// <summary>Whether the older rule for blanks holds, by which each stretch of text gets one in front; null where nothing is said.</summary>
    public bool? Legacy { get; private set; }

    /// <summary>Whether a blank is put in front; null where nothing is said.</summary>
    public bool? AddsPrefixSpace { get; private set; }

    public static TokenizerSettings Read(string folder)
    {
        var settings = new TokenizerSettings(folder);
        settings.ReadFile("tokenizer_config.json", config =>
        {
            settings.AddsBos = config.OptionalFlag("add_bos_token");
            settings.Legacy = config.OptionalFlag("legacy");
            settings.AddsPrefixSpace = config.OptionalFlag("add_prefix_space");
            settings.ReadRoles(config);
            if (config.Child("added_tokens_decoder") is { } table)
            {
                foreach (JsonProperty entry in table.Element.EnumerateObject())
                {
                    int id = int.TryParse(entry.Name, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int number)
                        && number <= VocabularyTable.LargestId ? number : throw table.Fault(entry.Name, "is not named by a token id");
                    settings.addedTokens.Add(AddedToken.Read(table.Child(entry.Name) ?? throw table.Fault(entry.Name, "is null"), id));
                }
            }
        });
        settings.ReadFile("special_tokens_map.json", settings.ReadRoles);
        settings.ReadFile("added_tokens.json", table =>
        {
            foreach (JsonProperty entry in table.Element.EnumerateObject())
            {
                if (entry.Name.Length > 0 && settings.addedTokens.TrueForAll(t => t.Content != entry.Name))
                {
                    settings.addedTokens.Add(new AddedToken(entry.Name, table.ReadId(entry.Value, entry.Name)));
                }
            }
        });
        return settings;
    }

    private void ReadFile(string name, Action<JsonComponent> read)
    {
        string file = Path.Combine(Folder, name);
        if (!File.Exists(file))
        {
            return;
        }

        using JsonDocument document = JsonComponent.ReadDocument(file);
        try
        {
            read(JsonComponent.Root(file, document.RootElement));
        }
        catch (InvalidOperationException e)
        {
            throw new ModelFormatException(file, "A name holds a broken escape sequence.", e);
        }
    }

    /// <summary>Reads the texts of the roles; a file read earlier wins.</summary>
    private void ReadRoles(JsonComponent json)
    {
        foreach (string role in RoleNames)
        {
            if (json.Element.TryGetProperty(role, out JsonElement value) && ReadToken(json, role, value) is { Length: > 0 } text)
            {
                roles.TryAdd(role, text);
            }
        }

        if (json.Element.TryGetProperty("additional_special_tokens", out JsonElement further) && further.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement value in further.EnumerateArray())
            {
                if (ReadToken(json, "additional_special_tokens", value) is { Length: > 0 } text && !furtherSpecialTokens.Contains(text))
                {
                    furtherSpecialTokens.Add(text);
                }
            }
        }
    }

    /// <summary>A token is a text or an object with its text as <c>content</c>.</summary>
    private static string? ReadToken(JsonComponent json, string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => json.ReadText(value, name),
        JsonValueKind.Object when value.TryGetProperty("content", out JsonElement content) && content.ValueKind == JsonValueKind.String => json.ReadText(content, name),
        _ => throw json.Fault(name, "must be a text, or an object with a text 'content'"),
    };
}
