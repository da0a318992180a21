using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace SafeTuneBed;

/// <summary>Settings that all measures with a judge share.</summary>
public abstract class JudgedOptions
{
    /// <summary>The judge by its registered name (<c>AddJudge</c>, <c>AddOpenAIJudge</c>, ..., or any keyed <c>IChatClient</c>). Default <c>judge</c>.</summary>
    public string Judge { get; set; } = "judge";

    /// <summary>Above this share of items that the judge leaves without a verdict the evaluation fails; verdicts are kept. Default 0.02.</summary>
    [Range(0.0, 1.0)]
    [JsonIgnore]
    public double MaxUnscored { get; set; } = 0.02;

    /// <summary>
    /// Longest answer that the judge reads, in characters; of a longer one it reads the first 70 % and the last 30 % of so many. Default 8,000.
    /// </summary>
    [Range(100, 1_000_000)]
    public int MaxAnswerCharacters { get; set; } = 8_000;

    /// <summary>Most new tokens of the answers that are judged, 1 to 100,000. Default 512. A prompt set may lower it.</summary>
    [Range(1, 100_000)]
    public int MaxNewTokens { get; set; } = 512;
}
