using System.Threading.RateLimiting;

namespace SafeTuneBed.Judges;

/// <summary>Requests and tokens a minute.</summary>
internal sealed class CallRate(int? requests, int? tokens) : IDisposable
{
    // A sixth of a minute's worth may come at once.
    private const int BurstsPerMinute = 6;

    private readonly TokenBucketRateLimiter? byRequest = Create(requests), byToken = Create(tokens);
    private readonly int largestTokens = Burst(tokens ?? 1);

    /// <summary>Waits until a request of so many tokens may be sent.</summary>
    public async Task WaitAsync(int estimatedTokens, CancellationToken cancellationToken)
    {
        if (byRequest is not null)
        {
            using RateLimitLease lease = await byRequest.AcquireAsync(1, cancellationToken).ConfigureAwait(false);
        }

        if (byToken is not null)
        {
            using RateLimitLease lease = await byToken.AcquireAsync(Math.Clamp(estimatedTokens, 1, largestTokens), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        byRequest?.Dispose();
        byToken?.Dispose();
    }

    private static int Burst(int perMinute) => Math.Max(1, perMinute / BurstsPerMinute);

    private static TokenBucketRateLimiter? Create(int? perMinute) => perMinute is not { } rate ? null : new TokenBucketRateLimiter(new TokenBucketRateLimiterOptions
    {
        TokenLimit = Burst(rate),
        TokensPerPeriod = Math.Max(1, rate / 60),
        ReplenishmentPeriod = rate >= 60 ? TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(60.0 / rate),
        QueueLimit = int.MaxValue,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });
}
