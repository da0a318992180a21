using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SafeTuneBed.Judges;

/// <summary>One verdict as it is kept beside the scores, with everything that made it.</summary>
internal sealed record Judgement
{
    /// <summary>Name of the file in an evaluation's folder.</summary>
    public const string FileName = "judgements.jsonl";

    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    public required string ItemId { get; init; }

    /// <summary>Which of the item's questions, from 0.</summary>
    public int Part { get; init; }

    public required string Judge { get; init; }

    /// <summary>Provider, model and version that were asked.</summary>
    public required string Asked { get; init; }

    /// <summary>The model that said it answered.</summary>
    public string? Answered { get; init; }

    public required string Prompt { get; init; }

    /// <summary>Under which the reply stands in the judge's journal.</summary>
    public required string Key { get; init; }

    public bool Neutralized { get; init; }

    public string? Text { get; init; }

    public double? Value { get; init; }

    public UnscoredReason? Unscored { get; init; }

    public string? Label { get; init; }

    public int Attempts { get; init; }

    public long PromptTokens { get; init; }

    public long CompletionTokens { get; init; }

    /// <summary>Writes all of an evaluation at once: the file is whole or not there.</summary>
    public static void Write(string folder, IEnumerable<Judgement> judgements)
    {
        var text = new StringBuilder();
        foreach (Judgement judgement in judgements)
        {
            text.Append(JsonSerializer.Serialize(judgement, Format)).Append('\n');
        }

        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, FileName), beside = path + ".unfinished";
        File.WriteAllText(beside, text.ToString());
        File.Move(beside, path, overwrite: true);
    }
}
