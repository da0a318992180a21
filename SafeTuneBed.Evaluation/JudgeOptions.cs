using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace SafeTuneBed;

/// <summary>How a judge is asked: limits, retries, prices, ceilings. None of it changes a verdict, so none of it is part of a fingerprint except <see cref="Version"/>.</summary>
public class JudgeOptions
{
    /// <summary>Anything that tells this judge from an earlier one of the same name, such as a revision. Verdicts are stored under it.</summary>
    public string? Version { get; set; }

    /// <summary>Most requests at the same time. Asking starts with one, and slows down where the judge says that it is too much. Default 8.</summary>
    [Range(1, 256)]
    public int MaxConcurrency { get; set; } = 8;

    /// <summary>Most requests a minute; null (default) sets no limit.</summary>
    [Range(1, 1_000_000)]
    public int? RequestsPerMinute { get; set; }

    /// <summary>Most tokens a minute, sent and received, as estimated before each request; null (default) sets no limit.</summary>
    [Range(1, 1_000_000_000)]
    public int? TokensPerMinute { get; set; }

    /// <summary>How long one request may take. Default two minutes.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Most requests for one verdict, the first included, when the judge can't be reached. Default 6.</summary>
    [Range(1, 20)]
    public int MaxAttempts { get; set; } = 6;

    /// <summary>The pause before the second request; it doubles from there, with jitter. Default one second.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause between two requests, whatever the judge asks for. Default one minute.</summary>
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>After so long no further request is made for one verdict. Default ten minutes.</summary>
    public TimeSpan MaxTimePerVerdict { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>After so many failed requests in a row the judge is taken as down, and everything that needs it stops. Default 20.</summary>
    [Range(1, 100_000)]
    public int MaxFailuresInRow { get; set; } = 20;

    /// <summary>Price of a million tokens sent, in any currency; null (default) counts no cost.</summary>
    public decimal? PromptPrice { get; set; }

    /// <summary>Price of a million tokens received, in the same currency; null (default) counts no cost.</summary>
    public decimal? CompletionPrice { get; set; }

    /// <summary>Ceiling of requests over everything in the run folder; null (default) sets none. At a ceiling all stops, and goes on when it is raised.</summary>
    public long? MaxCalls { get; set; }

    /// <summary>Ceiling of tokens, sent and received, over everything in the run folder.</summary>
    public long? MaxTokens { get; set; }

    /// <summary>Ceiling of cost over everything in the run folder; needs both prices.</summary>
    public decimal? MaxCost { get; set; }

    /// <summary>Whether the model takes temperature, top-p and seed. Null (default): known families of reasoning models do not, all others do.</summary>
    public bool? AcceptsSampling { get; set; }

    internal void Check(string judge)
    {
        var faults = new List<ValidationResult>();
        Validator.TryValidateObject(this, new ValidationContext(this), faults, validateAllProperties: true);
        if (Timeout <= TimeSpan.Zero || RetryDelay < TimeSpan.Zero || MaxRetryDelay < TimeSpan.Zero || MaxTimePerVerdict <= TimeSpan.Zero)
        {
            faults.Add(new ValidationResult("Times must be above 0."));
        }

        if (this is OpenAIJudgeOptions { Endpoint: { } endpoint } && (!endpoint.IsAbsoluteUri || endpoint.Scheme is not ("http" or "https")))
        {
            faults.Add(new ValidationResult($"{nameof(OpenAIJudgeOptions.Endpoint)} is '{endpoint.OriginalString}'; give a whole address, such as http://localhost:8000/v1."));
        }

        if (PromptPrice < 0 || CompletionPrice < 0 || (MaxCost is not null && (PromptPrice is null || CompletionPrice is null)))
        {
            faults.Add(new ValidationResult($"{nameof(MaxCost)} needs {nameof(PromptPrice)} and {nameof(CompletionPrice)}, at least 0."));
        }

        if (faults.Count > 0)
        {
            throw new ConfigurationException($"The settings of judge '{judge}' are not valid. {string.Join(" ", faults.Select(f => f.ErrorMessage))}");
        }
    }
}

/// <summary>A judge behind an OpenAI-compatible service.</summary>
public sealed class OpenAIJudgeOptions : JudgeOptions
{
    /// <summary>The model, best a dated snapshot: an alias may mean another model tomorrow.</summary>
    [Required]
    public string Model { get; set; } = "";

    /// <summary>Base address of a compatible server, such as <c>http://localhost:8000/v1</c>; null (default) is OpenAI's own.</summary>
    public Uri? Endpoint { get; set; }

    /// <summary>The environment variable that holds the key. It is read when the first verdict is asked for, and kept nowhere. Default <c>OPENAI_API_KEY</c>.</summary>
    public string KeyVariable { get; set; } = "OPENAI_API_KEY";

    /// <summary>The key itself, in place of <see cref="KeyVariable"/>. Better not a literal in code; refused in configuration.</summary>
    [PasswordPropertyText(true)]
    public string? ApiKey { get; set; }
}
