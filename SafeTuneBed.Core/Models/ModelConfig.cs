using System.Text.Json;

namespace SafeTuneBed.Models;

/// <summary>A model folder's <c>config.json</c>, read with types and ranges checked; what is wrong is gathered and told at once.</summary>
internal sealed class ModelConfig
{
    public const string FileName = "config.json";

    private readonly JsonElement root;
    private readonly string prefix;

    private ModelConfig(JsonElement root, string prefix, ModelFaults faults)
    {
        this.root = root;
        this.prefix = prefix;
        Faults = faults;
    }

    /// <summary>What was found wrong so far; a recipe throws it when it is done.</summary>
    public ModelFaults Faults { get; }

    /// <summary>Reads the configuration of a folder.</summary>
    /// <exception cref="ModelFormatException">The folder or the file is missing, or the file is no JSON object.</exception>
    public static ModelConfig Read(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new ModelFormatException(folder, "There is no such folder. Give the path of a Hugging Face model folder.");
        }

        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            throw new ModelFormatException(folder, $"The folder holds no {FileName}, so it is no Hugging Face model folder.");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { MaxDepth = 32 });
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return new ModelConfig(document.RootElement.Clone(), "", new ModelFaults(path));
            }
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(path, "The file can't be read as JSON: " + e.Message, e);
        }

        throw new ModelFormatException(path, "The file is no JSON object.");
    }

    /// <summary>Whether a value is there and not null.</summary>
    public bool Has(string name) => root.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>Whether a value is there, be it null.</summary>
    public bool Names(string name) => root.TryGetProperty(name, out _);

    /// <summary>A whole number of at least 1 that must not be null; <paramref name="fallback"/> where it is not named.</summary>
    public int Size(string name, int fallback, int most) => Integer(name, Names(name) ? null : fallback, 1, most);

    /// <summary>As <see cref="Size"/>, but null means none.</summary>
    public int? OptionalSize(string name, int? fallback, int most) => Has(name) ? Integer(name, null, 1, most) : Names(name) ? null : fallback;

    /// <summary>A number above 0; null means none, <paramref name="fallback"/> where it is not named.</summary>
    public double? OptionalNumber(string name, double? fallback) => Has(name) ? Number(name, null, 0) : Names(name) ? null : fallback;

    /// <summary>A whole number within a range; <paramref name="fallback"/> where it is absent, and a fault where it is absent without one.</summary>
    public int Integer(string name, int? fallback, int least, int most)
    {
        if (!Has(name) && fallback is { } absent)
        {
            return absent;
        }

        if (Has(name) && root.GetProperty(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out int number) && number >= least && number <= most)
        {
            return number;
        }

        Faults.Add($"{prefix}{name} is {Shown(name)}, needed is a whole number from {least} to {most}");
        return least;
    }

    /// <summary>A finite number above a limit.</summary>
    public double Number(string name, double? fallback, double above)
    {
        if (!Has(name) && fallback is { } absent)
        {
            return absent;
        }

        if (Has(name) && root.GetProperty(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetDouble(out double number) && double.IsFinite(number) && number > above)
        {
            return number;
        }

        Faults.Add(FormattableString.Invariant($"{prefix}{name} is {Shown(name)}, needed is a number above {above}"));
        return above + 1;
    }

    /// <summary>True or false.</summary>
    public bool Flag(string name, bool fallback)
    {
        if (!Has(name))
        {
            return fallback;
        }

        JsonElement value = root.GetProperty(name);
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.GetBoolean();
        }

        Faults.Add($"{prefix}{name} is {Shown(name)}, needed is true or false");
        return fallback;
    }

    /// <summary>A text, or null where it is absent.</summary>
    public string? Text(string name)
    {
        if (!Has(name))
        {
            return null;
        }

        try
        {
            if (root.GetProperty(name) is { ValueKind: JsonValueKind.String } value)
            {
                return value.GetString();
            }
        }
        catch (InvalidOperationException)   // half of a surrogate pair
        {
        }

        Faults.Add($"{prefix}{name} is {Shown(name)}, needed is a text");
        return null;
    }

    /// <summary>A nested object, or null where it is absent. Faults in it are told with its name.</summary>
    public ModelConfig? Section(string name)
    {
        if (!Has(name))
        {
            return null;
        }

        JsonElement value = root.GetProperty(name);
        if (value.ValueKind == JsonValueKind.Object)
        {
            return new ModelConfig(value, $"{prefix}{name}.", Faults);
        }

        Faults.Add($"{prefix}{name} is {Shown(name)}, needed is an object or null");
        return null;
    }

    /// <summary>The first text of an array of texts, or null.</summary>
    public string? FirstText(string name)
        => Has(name) && root.GetProperty(name) is { ValueKind: JsonValueKind.Array } array && array.GetArrayLength() > 0 && array[0].ValueKind == JsonValueKind.String
            ? array[0].ToString()
            : null;

    /// <summary>An array of texts, or null where it is absent.</summary>
    public IReadOnlyList<string>? Texts(string name)
    {
        if (!Has(name))
        {
            return null;
        }

        if (root.GetProperty(name) is { ValueKind: JsonValueKind.Array } array && array.EnumerateArray().All(i => i.ValueKind == JsonValueKind.String))
        {
            return [.. array.EnumerateArray().Select(i => i.ToString())];
        }

        Faults.Add($"{prefix}{name} is {Shown(name)}, needed is a list of texts");
        return null;
    }

    /// <summary>An array of so many numbers above 0; ones where it is something else.</summary>
    public IReadOnlyList<double> Numbers(string name, int count)
    {
        if (Has(name) && root.GetProperty(name) is { ValueKind: JsonValueKind.Array } array && array.GetArrayLength() == count)
        {
            double[] numbers = [.. array.EnumerateArray().Select(i => i.ValueKind == JsonValueKind.Number && i.TryGetDouble(out double n) ? n : double.NaN)];
            if (numbers.All(n => double.IsFinite(n) && n > 0))
            {
                return numbers;
            }
        }

        Faults.Add($"{prefix}{name} is {Shown(name)}, needed is a list of {count} numbers above 0");
        return [.. Enumerable.Repeat(1.0, count)];
    }

    private string Shown(string name) => Has(name) ? ModelFaults.Quote(root.GetProperty(name).GetRawText()) : "absent";
}
