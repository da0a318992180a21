using System.Text.Json;
using System.Text.Json.Serialization;
using SafeTuneBed.Sensitivity;

namespace SafeTuneBed.HumanRatings;

/// <summary>What is behind the ids of a sheet. Holds no request and no answer.</summary>
internal sealed record CalibrationKey
{
    private const string CurrentFormat = "safetunebed-calibration/1";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public string Format { get; init; } = CurrentFormat;

    public required string Report { get; init; }

    public ulong Seed { get; init; }

    public required IReadOnlyList<CalibrationScale> Scorers { get; init; }

    public required IReadOnlyList<CalibrationPlace> Items { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, Json) + "\n";

    /// <summary>Reads a key.</summary>
    /// <exception cref="ConfigurationException">The file is missing or no key.</exception>
    public static CalibrationKey Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new ConfigurationException($"There is no key {path}. It was written together with the sheet.");
        }

        try
        {
            return JsonSerializer.Deserialize<CalibrationKey>(File.ReadAllText(path), Json) is { Format: CurrentFormat } key ? key : throw new JsonException($"its format is not {CurrentFormat}");
        }
        catch (JsonException e)
        {
            throw new ConfigurationException($"{path} is no key of a calibration sample: {e.Message}", e);
        }
    }
}

/// <summary>The scale of a scorer.</summary>
internal sealed record CalibrationScale(string Key, double Minimum, double Maximum, bool IsShare, bool IsWhole, Direction Direction)
{
    public Scorer ToScorer() => new(Key, Minimum, Maximum, IsShare, Direction);
}

/// <summary>One answer of the sheet.</summary>
/// <param name="Id">Its id there.</param>
/// <param name="Model">Whose it is.</param>
/// <param name="Method">Whose it is.</param>
/// <param name="Dataset">Whose it is.</param>
/// <param name="Seed">Whose it is.</param>
/// <param name="ItemId">The prompt.</param>
/// <param name="Scores">One per scorer.</param>
/// <param name="Stratum">The group it was drawn from.</param>
/// <param name="StratumSize">Answers in that group.</param>
internal sealed record CalibrationPlace(string Id, string Model, string Method, string Dataset, ulong Seed, string ItemId, IReadOnlyList<double> Scores, string Stratum, int StratumSize);

/// <summary>One line of a sheet.</summary>
internal sealed record CalibrationItem(string Id, string Request, string Answer);
