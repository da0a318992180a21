using System.ClientModel;
using System.Globalization;
using System.Text.RegularExpressions;

namespace SafeTuneBed.Judges;

/// <summary>What to do about a failed request.</summary>
internal enum FailureKind
{
    /// <summary>It may work later.</summary>
    Transient,

    /// <summary>The judge says that there is too much traffic; it may work later.</summary>
    Throttled,

    /// <summary>The provider withholds a verdict on this item.</summary>
    Refused,

    /// <summary>This item does not fit into the judge's context, others may.</summary>
    TooLong,

    /// <summary>No request will work.</summary>
    Fatal,
}

/// <summary>A failed request, told apart. What the service wrote is looked at, never kept: it may repeat the key.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Fault">A word or two of ours, such as <c>status 429</c>.</param>
/// <param name="RetryAfter">The pause that the service asks for.</param>
internal sealed partial record JudgeFailure(FailureKind Kind, string Fault, TimeSpan? RetryAfter = null)
{
    /// <summary>Tells a failure apart.</summary>
    public static JudgeFailure Of(Exception exception, DateTimeOffset now) => exception switch
    {
        PromptTooLongException e => OfTooLong(e),
        ClientResultException { Status: > 0 } e => OfStatus(e.Status, Body(e), RetryAfterOf(e, now)),
        HttpRequestException { StatusCode: { } status } e => OfStatus((int)status, e.Message, null),
        OperationCanceledException or TimeoutException => new(FailureKind.Transient, "time-out"),
        HttpRequestException or IOException or System.Net.Sockets.SocketException => new(FailureKind.Transient, "connection"),
        System.Text.Json.JsonException or FormatException => new(FailureKind.Transient, "broken response"),
        AggregateException { InnerExceptions: [.., var last] } => Of(last, now),
        ClientResultException { InnerException: { } inner } => Of(inner, now),
        _ => new(FailureKind.Transient, exception.GetType().Name),
    };

    /// <summary>The failure of a local model whose context is too small.</summary>
    public static JudgeFailure OfTooLong(PromptTooLongException exception) =>
        new(FailureKind.TooLong, string.Create(CultureInfo.InvariantCulture, $"too long: {exception.Tokens} tokens for a context of {exception.ContextLength}"));

    private static JudgeFailure OfStatus(int status, string body, TimeSpan? retryAfter)
    {
        string fault = string.Create(CultureInfo.InvariantCulture, $"status {status}");
        return status switch
        {
            429 when Quota.IsMatch(body) => new(FailureKind.Fatal, $"{fault}, quota used up"),
            429 => new(FailureKind.Throttled, fault, retryAfter),
            408 or 409 or 425 or >= 500 => new(FailureKind.Transient, fault, retryAfter),
            400 or 422 or 403 when ContentFilter.IsMatch(body) => new(FailureKind.Refused, $"{fault}, content filter"),
            400 or 422 when TooLong.IsMatch(body) => new(FailureKind.TooLong, $"{fault}, too long"),
            413 => new(FailureKind.TooLong, $"{fault}, too long"),
            _ => new(FailureKind.Fatal, fault),
        };
    }

    private static string Body(ClientResultException exception)
    {
        try
        {
            return exception.GetRawResponse()?.Content.ToString() ?? exception.Message;
        }
        catch (InvalidOperationException)
        {
            return exception.Message; // a body that was streamed
        }
    }

    private static TimeSpan? RetryAfterOf(ClientResultException exception, DateTimeOffset now)
    {
        if (exception.GetRawResponse()?.Headers is not { } headers)
        {
            return null;
        }

        if (headers.TryGetValue("retry-after-ms", out string? text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double milliseconds))
        {
            return Span(milliseconds / 1_000);
        }

        return !headers.TryGetValue("retry-after", out text) || text is null ? null
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) ? Span(seconds)
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset date) ? Span((date - now).TotalSeconds)
            : null;
    }

    // A service may ask for any number at all.
    private static TimeSpan? Span(double seconds) => double.IsNaN(seconds) ? null : TimeSpan.FromSeconds(Math.Clamp(seconds, 0, TimeSpan.FromDays(1).TotalSeconds));

    [GeneratedRegex("insufficient_quota|billing_hard_limit|exceeded your current quota", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Quota { get; }

    [GeneratedRegex("content_filter|content_policy|content management policy|responsible_ai", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ContentFilter { get; }

    [GeneratedRegex("context_length|maximum context|too many tokens|context window|string_above_max_length", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex TooLong { get; }
}
