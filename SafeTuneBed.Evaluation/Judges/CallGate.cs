namespace SafeTuneBed.Judges;

/// <summary>
/// How many requests are under way: one until the first is answered, so that a wrong key costs one request; then more by more, and fewer again where the judge says that
/// it is too much.
/// </summary>
/// <param name="most">Most requests at the same time.</param>
/// <param name="start">How many once the first is answered; no more than <paramref name="most"/>.</param>
internal sealed class CallGate(int most, int start = CallGate.HostedStart)
{
    /// <summary>Where a service begins whose limits nobody knows.</summary>
    public const int HostedStart = 4;

    private const double Decrease = 0.7;

    private readonly Lock gate = new();
    private readonly LinkedList<TaskCompletionSource> waiting = new();
    private double limit = 1;
    private bool isOpen;
    private int used;

    /// <summary>Waits for a place.</summary>
    public async Task EnterAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource place;
        lock (gate)
        {
            if (used < (int)limit)
            {
                used++;
                return;
            }

            place = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.AddLast(place);
        }

        try
        {
            await place.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            lock (gate)
            {
                if (!waiting.Remove(place))
                {
                    used--; // it was given just now
                    Admit();
                }
            }

            throw;
        }
    }

    /// <summary>Gives the place back.</summary>
    /// <param name="answered">Whether the judge answered.</param>
    /// <param name="throttled">Whether it said that there is too much traffic.</param>
    public void Leave(bool answered, bool throttled)
    {
        lock (gate)
        {
            used--;
            if (throttled)
            {
                limit = Math.Max(1, limit * Decrease);
            }
            else if (answered)
            {
                limit = Math.Min(most, isOpen ? limit + (1 / limit) : start);
                isOpen = true;
            }

            Admit();
        }
    }

    private void Admit()
    {
        while (used < (int)limit && waiting.First is { } first)
        {
            waiting.RemoveFirst();
            used++;
            first.Value.SetResult();
        }
    }
}
