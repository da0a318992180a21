using System.Collections.Concurrent;
using static TorchSharp.torch;

namespace SafeTuneBed.Diagnostics;

/// <summary>
/// The one thread on which a model computes. Torch's dispose scopes and gradient mode belong to a thread, so all work on a model is synchronous
/// here and asynchronous only towards callers. Work is done one piece after the other, in the order in which it was asked for.
/// </summary>
/// <remarks>A process that ends while a thread is inside torch may crash in place of returning its exit code: the thread is therefore joined on dispose and, failing that, before the process ends.</remarks>
internal sealed class ComputeThread : IDisposable
{
    private static readonly TimeSpan LongestWaitAtExit = TimeSpan.FromSeconds(30);

    private readonly BlockingCollection<Action> queue = [];
    private readonly CancellationTokenSource stopping = new();
    private readonly Lock gate = new();
    private readonly Thread thread;
    private bool closed;

    /// <summary>Starts the thread.</summary>
    /// <param name="threads">Threads that torch may use for one operation; null for <see cref="DefaultThreadCount"/>.</param>
    public ComputeThread(int? threads = null)
    {
        if (threads is < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(threads), threads, "At least one thread is needed.");
        }

        Stopping = stopping.Token;
        thread = new Thread(() => Run(threads ?? DefaultThreadCount)) { IsBackground = true, Name = "SafeTuneBed compute" };
        thread.Start();
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
    }

    /// <summary>
    /// The processors that this process may use, by the container's limits too, and not more than torch would take by itself. A rule and not a
    /// measurement: results are equal to the bit only for equal thread counts, so the count must not vary from run to run.
    /// </summary>
    public static int DefaultThreadCount => Math.Max(1, Math.Min(Environment.ProcessorCount, get_num_threads()));

    /// <summary>Signalled when the thread is to end: long work should stop soon.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>Runs work on the thread. Called from the thread itself, it runs at once.</summary>
    /// <param name="work">Synchronous work; it must not leave a dispose scope or gradient mode open.</param>
    /// <param name="cancellationToken">Withdraws work that has not begun. Work that has begun must watch the token itself.</param>
    /// <exception cref="ObjectDisposedException">The thread has ended.</exception>
    public Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Execute()
        {
            if (cancellationToken.IsCancellationRequested)
            {
                completion.TrySetCanceled(cancellationToken);
                return;
            }

            try
            {
                Stopping.ThrowIfCancellationRequested();
                completion.TrySetResult(work());
            }
            catch (OperationCanceledException e)
            {
                completion.TrySetCanceled(e.CancellationToken);
            }
            catch (Exception e)
            {
                completion.TrySetException(e);
            }
        }

        if (Thread.CurrentThread == thread)
        {
            Execute();
            return completion.Task;
        }

        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            queue.Add(Execute, CancellationToken.None);
        }

        return completion.Task;
    }

    /// <summary>Runs work without a result.</summary>
    public Task RunAsync(Action work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return RunAsync(
            () =>
            {
                work();
                return true;
            },
            cancellationToken);
    }

    /// <summary>Asks running work to stop, withdraws what has not begun, and waits for the thread to end.</summary>
    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        Close();
        if (Thread.CurrentThread != thread)
        {
            thread.Join();
        }
    }

    private void OnProcessExit(object? sender, EventArgs e)
    {
        Close();
        thread.Join(LongestWaitAtExit);
    }

    private void Close()
    {
        lock (gate)
        {
            if (closed)
            {
                return;
            }

            closed = true;
            queue.CompleteAdding();
        }

        stopping.Cancel();
    }

    private void Run(int threads)
    {
        set_num_threads(threads);
        foreach (Action work in queue.GetConsumingEnumerable(CancellationToken.None))
        {
            work();
        }
    }
}
