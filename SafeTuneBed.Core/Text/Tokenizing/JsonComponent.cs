using System.Text.Json;

namespace SafeTuneBed.Text.Tokenizing;

/// <summary>One object of a tokenizer's JSON file: fields are read by name, and every fault names the file and the place in it.</summary>
internal readonly struct JsonComponent
{
    private readonly JsonElement element;
    private readonly string place;

    private JsonComponent(string file, JsonElement element, string place) => (File, this.element, this.place) = (file, element, place);

    public string File { get; }

    public JsonElement Element => element;

    public static JsonComponent Root(string file, JsonElement element) =>
        element.ValueKind == JsonValueKind.Object ? new JsonComponent(file, element, "") : throw new ModelFormatException(file, "The file does not hold a JSON object.");

    /// <summary>Reads a whole file, which must hold one JSON object.</summary>
    public static JsonDocument ReadDocument(string file)
    {
        try
        {
            return JsonDocument.Parse(System.IO.File.ReadAllBytes(file));
        }
        catch (JsonException e)
        {
            throw new ModelFormatException(file, $"The file is not valid JSON ({e.Message}). It may be cut off; fetch it again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(file, $"The file can't be read: {e.Message}", e);
        }
    }

    /// <summary>The object in a field; null where the field is missing or null.</summary>
    public JsonComponent? Child(string name)
    {
        if (!element.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Object
            ? new JsonComponent(File, value, Path(name))
            : throw Fault(name, $"is {Kind(value)}, but an object is needed");
    }

    /// <summary>The objects of an array field, which must be there.</summary>
    public IReadOnlyList<JsonComponent> Children(string name)
    {
        var children = new List<JsonComponent>();
        foreach (JsonElement item in Array(name))
        {
            string path = $"{Path(name)}[{children.Count}]";
            children.Add(item.ValueKind == JsonValueKind.Object
                ? new JsonComponent(File, item, path)
                : throw new ModelFormatException(File, $"'{path}' is {Kind(item)}, but an object is needed."));
        }

        return children;
    }

    /// <summary>The items of an array field, which must be there.</summary>
    public IEnumerable<JsonElement> Array(string name) =>
        Required(name) is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray() : throw Fault(name, "must be an array");

    /// <summary>A field that must be there, of any kind.</summary>
    public JsonElement Required(string name) =>
        element.TryGetProperty(name, out JsonElement value) ? value : throw Fault(name, "is missing");

    /// <summary>A text that must be there.</summary>
    public string Text(string name) =>
        Required(name) is { ValueKind: JsonValueKind.String } value ? ReadText(value, name) : throw Fault(name, "must be a text");

    /// <summary>A text; null where the field is missing or null.</summary>
    public string? OptionalText(string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? value.ValueKind == JsonValueKind.String ? ReadText(value, name) : throw Fault(name, $"is {Kind(value)}, but a text is needed")
            : null;

    /// <summary>A truth value; <paramref name="fallback"/> where the field is missing or null.</summary>
    public bool Flag(string name, bool fallback = false) => OptionalFlag(name) ?? fallback;

    /// <summary>A truth value; null where the field is missing or null.</summary>
    public bool? OptionalFlag(string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Fault(name, $"is {Kind(value)}, but true or false is needed")
            : null;

    /// <summary>A whole number that must be there, from 0 to <see cref="VocabularyTable.LargestId"/>.</summary>
    public int Id(string name) => ReadId(Required(name), name);

    public int ReadId(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int id) && id is >= 0 and <= VocabularyTable.LargestId
            ? id
            : throw Fault(name, $"is not a token id from 0 to {VocabularyTable.LargestId}");

    /// <summary>A text without lone surrogates, which no UTF-8 file can mean.</summary>
    public string ReadText(JsonElement value, string name)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw Fault(name, "holds a broken escape sequence", e);
        }
    }

    /// <summary>The fault of a component whose type isn't supported: names it and those that are.</summary>
    public ModelFormatException UnknownType(string kind, string type, IEnumerable<string> known) =>
        new(File, $"{kind} '{type}'{(place.Length == 0 ? "" : $" at '{place}'")} is not supported. Supported: {string.Join(", ", known)}.");

    public ModelFormatException Fault(string name, string what, Exception? inner = null) => new(File, $"Field '{Path(name)}' {what}.", inner);

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a truth value",
    };

    private string Path(string name) => place.Length == 0 ? name : $"{place}.{name}";
}
