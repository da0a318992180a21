using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.AI;
using Polly;
using Polly.Retry;

namespace SafeTuneBed.Judges;

/// <summary>
/// One judge with its limits. A verdict that is on record costs nothing; one that is not is asked for with bounded retries, below ceilings, and put on record before
/// anybody sees it. After a fault that no retry mends the judge stays stopped.
/// </summary>
internal sealed class Judge : IDisposable
{
    // A request that is paid should also be read: cancelled runs wait so long for those under way.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly IChatClient client;
    private readonly JudgeOptions options;
    private readonly JudgeJournal journal;
    private readonly TimeProvider time;
    private readonly CallGate gate;
    private readonly CallRate rate;
    private readonly ResiliencePipeline<Attempt> retries;
    private readonly ConcurrentDictionary<string, TaskCompletionSource> underWay = new(StringComparer.Ordinal);
    private readonly Lock budget = new();
    private long reservedTokens;
    private int failuresInRow;
    private JudgeStoppedException? stopped;

    public Judge(string name, IChatClient client, JudgeOptions options, JudgeJournal journal, TimeProvider time)
    {
        (Name, this.client, this.options, this.journal, this.time) = (name, client, options, journal, time);
        Model = ModelOf(client);
        Identity = IdentityOf(client, options);
        bool isOurs = client.GetService(typeof(ITextGenerator)) is not null; // a model in this process has no limits to be found out, and is the faster the more it has to do
        gate = new CallGate(options.MaxConcurrency, isOurs ? options.MaxConcurrency : CallGate.HostedStart);
        rate = new CallRate(options.RequestsPerMinute, options.TokensPerMinute);
        retries = CreateRetries();
    }

    /// <summary>Registered name.</summary>
    public string Name { get; }

    /// <summary>The model that is asked.</summary>
    public string Model { get; }

    /// <summary>What verdicts are stored under.</summary>
    public string Identity { get; }

    /// <summary>Most requests at the same time.</summary>
    public int MaxConcurrency => options.MaxConcurrency;

    /// <summary>The judge as a model that gives log-probabilities; null where it is none.</summary>
    public ICausalLanguageModel? LanguageModel => client.GetService(typeof(ICausalLanguageModel)) as ICausalLanguageModel;

    /// <summary>The name of a client's model.</summary>
    public static string ModelOf(IChatClient client) => client.GetService<ChatClientMetadata>()?.DefaultModelId ?? client.GetType().Name;

    /// <summary>
    /// What tells a judge's verdicts from another's: provider, the host of a server that is not the provider's own, model, its files where it is on this machine, version. Not the
    /// port: a server started again is the same one.
    /// </summary>
    public static string IdentityOf(IChatClient client, JudgeOptions options)
    {
        ChatClientMetadata? metadata = client.GetService<ChatClientMetadata>();
        string host = metadata?.ProviderUri is { } server ? $"({server.Host})" : "", files = client.GetService<LocalJudgeModel>()?.FilesHash is { } hash ? $"#{hash}" : "";
        return $"{metadata?.ProviderName ?? "client"}{host}/{ModelOf(client)}{files}{(options.Version is { } version ? $"@{version}" : "")}";
    }

    /// <summary>Asks, or finds the verdict on record.</summary>
    /// <exception cref="JudgeStoppedException">The judge can't be asked any more.</exception>
    public async Task<JudgeReply> AskAsync(JudgeRequest request, CancellationToken cancellationToken)
    {
        string key = request.KeyFor(Identity);
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        while (true)
        {
            if (journal.Find(key) is { } known)
            {
                return known;
            }

            // The same question from two places is asked once.
            TaskCompletionSource first = underWay.GetOrAdd(key, mine);
            if (first == mine)
            {
                break;
            }

            await first.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        try
        {
            return journal.Find(key) ?? await TryAsync(request, key, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            underWay.TryRemove(key, out _);
            mine.SetResult();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => rate.Dispose();

    private async Task<JudgeReply> TryAsync(JudgeRequest request, string key, CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        int attempts = 0;
        Attempt last = await retries.ExecuteAsync(
            async token =>
            {
                attempts++;
                Attempt attempt = await SendAsync(request, key, token).ConfigureAwait(false);
                return attempt with { IsLate = time.GetElapsedTime(start) >= options.MaxTimePerVerdict };
            },
            cancellationToken).ConfigureAwait(false);
        if (last.Reply is { } reply)
        {
            return reply with { Attempts = attempts };
        }

        JudgeFailure failure = last.Failure!;
        return new JudgeReply { Outcome = failure.Kind switch { FailureKind.Refused => JudgeOutcome.Refused, FailureKind.TooLong => JudgeOutcome.TooLong, _ => JudgeOutcome.Unreachable }, Fault = failure.Fault, Attempts = attempts };
    }

    private async Task<Attempt> SendAsync(JudgeRequest request, string key, CancellationToken cancellationToken)
    {
        await gate.EnterAsync(cancellationToken).ConfigureAwait(false);
        Attempt? attempt = null;
        try
        {
            ThrowIfStopped();
            await rate.WaitAsync(request.EstimatedTokens, cancellationToken).ConfigureAwait(false);
            Reserve(request, key);
            attempt = await CallAsync(request, key, cancellationToken).ConfigureAwait(false);
            return Weigh(attempt, cancellationToken); // before the place is given on: who gets it must see a stop
        }
        finally
        {
            gate.Leave(attempt?.Reply is not null, attempt?.Failure?.Kind == FailureKind.Throttled);
        }
    }

    // Counts failures, and stops where no retry helps.
    private Attempt Weigh(Attempt attempt, CancellationToken cancellationToken)
    {
        if (attempt.Failure is not { } failure)
        {
            Volatile.Write(ref failuresInRow, 0);
            return attempt;
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (failure.Kind == FailureKind.Fatal)
        {
            throw Stop(failure.Fault switch
            {
                "status 401" or "status 403" => $"it refuses the key ({failure.Fault}). Check the key and what it may be used for; nothing more was asked.",
                "status 404" => $"there is no model '{Model}' at this address (status 404). Check model and endpoint; nothing more was asked.",
                _ => $"it refuses the request ({failure.Fault}). Check model, settings and account; verdicts so far are kept.",
            });
        }

        if (failure.Kind is FailureKind.Transient or FailureKind.Throttled && Interlocked.Increment(ref failuresInRow) >= options.MaxFailuresInRow)
        {
            throw Stop(string.Create(
                CultureInfo.InvariantCulture, $"{options.MaxFailuresInRow} requests in a row failed, the last one with {failure.Fault}, so it is taken as down. Verdicts so far are kept: run again when it is back."));
        }

        return attempt;
    }

    private async Task<Attempt> CallAsync(JudgeRequest request, string key, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.Timeout, time);
        using CancellationTokenRegistration registration = cancellationToken.Register(() => limit.CancelAfter(Grace));
        try
        {
            ChatResponse response = await client.GetResponseAsync(request.Messages, OptionsOf(request), limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
            JudgeReply reply = ReplyOf(response);
            journal.Answer(Name, key, reply);
            return new Attempt(reply, null);
        }
        catch (SafeTuneBedException e) when (e is not PromptTooLongException)
        {
            journal.Fail(Name, key, "not asked");
            throw; // a local model says what is wrong with it
        }
        catch (Exception e)
        {
            JudgeFailure failure = JudgeFailure.Of(e, time.GetUtcNow());
            journal.Fail(Name, key, failure.Fault);
            return new Attempt(null, failure);
        }
        finally
        {
            lock (budget)
            {
                reservedTokens -= request.EstimatedTokens;
            }
        }
    }

    // Below the ceilings even if everything under way comes to its estimate.
    private void Reserve(JudgeRequest request, string key)
    {
        lock (budget)
        {
            JudgeSpending spent = journal.SpendingOf(Name);
            long tokens = spent.PromptTokens + spent.CompletionTokens + reservedTokens + request.EstimatedTokens;
            decimal cost = (spent.Cost ?? 0) + ((reservedTokens + request.EstimatedTokens) * Math.Max(options.PromptPrice ?? 0, options.CompletionPrice ?? 0) / 1_000_000);
            string? reached = spent.Calls >= options.MaxCalls ? string.Create(CultureInfo.InvariantCulture, $"{options.MaxCalls:N0} requests ({nameof(JudgeOptions.MaxCalls)})")
                : tokens > options.MaxTokens ? string.Create(CultureInfo.InvariantCulture, $"{options.MaxTokens:N0} tokens ({nameof(JudgeOptions.MaxTokens)})")
                : cost > options.MaxCost ? string.Create(CultureInfo.InvariantCulture, $"a cost of {options.MaxCost} ({nameof(JudgeOptions.MaxCost)})")
                : null;
            if (reached is not null)
            {
                throw Stop(string.Create(CultureInfo.InvariantCulture, $"the next request could pass the ceiling of {reached} after {spent.Calls:N0} requests. Verdicts so far are kept: raise the ceiling and run again."));
            }

            reservedTokens += request.EstimatedTokens;
            journal.Ask(Name, key);
        }
    }

    private ChatOptions OptionsOf(JudgeRequest request)
    {
        bool sampling = options.AcceptsSampling ?? JudgeCapabilities.AcceptsSampling(Model);
        return new ChatOptions
        {
            MaxOutputTokens = request.MaxTokens,
            Temperature = sampling ? (float)request.Temperature : null,
            TopP = sampling && request.TopP is { } p ? (float)p : null,
        };
    }

    private JudgeReply ReplyOf(ChatResponse response)
    {
        bool refused = response.FinishReason == ChatFinishReason.ContentFilter
            || response.Messages.SelectMany(m => m.Contents).OfType<ErrorContent>().Any(e => string.Equals(e.ErrorCode, "Refusal", StringComparison.OrdinalIgnoreCase));
        long sent = response.Usage?.InputTokenCount ?? 0, received = response.Usage?.OutputTokenCount ?? 0;
        return new JudgeReply
        {
            Outcome = refused ? JudgeOutcome.Refused : JudgeOutcome.Answered,
            Text = response.Text,
            Model = response.ModelId,
            PromptTokens = sent,
            CompletionTokens = received,
            Cost = options.PromptPrice is null && options.CompletionPrice is null ? null : ((sent * (options.PromptPrice ?? 0)) + (received * (options.CompletionPrice ?? 0))) / 1_000_000,
            Fault = refused ? "declined" : null,
        };
    }

    private JudgeStoppedException Stop(string message)
    {
        var exception = new JudgeStoppedException(Name, message);
        return Interlocked.CompareExchange(ref stopped, exception, null) ?? exception;
    }

    private void ThrowIfStopped()
    {
        if (Volatile.Read(ref stopped) is { } before)
        {
            throw new JudgeStoppedException(Name, before.Message[(before.Message.IndexOf(": ", StringComparison.Ordinal) + 2)..]);
        }
    }

    private ResiliencePipeline<Attempt> CreateRetries()
    {
        var builder = new ResiliencePipelineBuilder<Attempt> { TimeProvider = time };
        if (options.MaxAttempts > 1)
        {
            builder.AddRetry(new RetryStrategyOptions<Attempt>
            {
                MaxRetryAttempts = options.MaxAttempts - 1,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.RetryDelay,
                MaxDelay = options.MaxRetryDelay,
                ShouldHandle = a => ValueTask.FromResult(a.Outcome.Result is { IsLate: false, Failure.Kind: FailureKind.Transient or FailureKind.Throttled }),
                DelayGenerator = a => ValueTask.FromResult(a.Outcome.Result?.Failure?.RetryAfter is { } asked ? asked < options.MaxRetryDelay ? asked : options.MaxRetryDelay : (TimeSpan?)null),
            });
        }

        return builder.Build();
    }

    /// <summary>One request.</summary>
    private sealed record Attempt(JudgeReply? Reply, JudgeFailure? Failure)
    {
        public bool IsLate { get; init; }
    }
}
