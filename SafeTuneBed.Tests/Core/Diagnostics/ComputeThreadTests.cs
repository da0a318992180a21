using SafeTuneBed.Diagnostics;
using SafeTuneBed.Tests.TestDoubles;
using TorchSharp;

namespace SafeTuneBed.Tests.Core.Diagnostics;

[Collection(TorchCollection.Name)]
public sealed class ComputeThreadTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_ManyPieces_RunsThemInOrderOnOneThreadOfItsOwn()
    {
        using var thread = new ComputeThread(1);
        var ran = new List<(int Piece, int Thread)>();

        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => thread.RunAsync(() => ran.Add((i, Environment.CurrentManagedThreadId)), Token)));

        Assert.Equal(Enumerable.Range(0, 50), ran.Select(r => r.Piece));
        Assert.Single(ran.Select(r => r.Thread).Distinct());
        Assert.NotEqual(Environment.CurrentManagedThreadId, ran[0].Thread);
    }

    [Fact]
    public async Task RunAsync_WorkThatThrows_FailsItsTaskAndNotTheThread()
    {
        using var thread = new ComputeThread(1);

        await Assert.ThrowsAsync<FormatException>(() => thread.RunAsync<int>(() => throw new FormatException("x"), Token));

        Assert.Equal(3, await thread.RunAsync(() => 3, Token));
    }

    [Fact]
    public async Task RunAsync_FromTheThreadItself_RunsAtOnce()
    {
        using var thread = new ComputeThread(1);

        Assert.Equal(5, await thread.RunAsync(() => thread.RunAsync(() => 5, Token).GetAwaiter().GetResult(), Token));
    }

    [Fact]
    public async Task RunAsync_CancelledBeforeItBegan_NeverRuns()
    {
        using var thread = new ComputeThread(1);
        using var source = new CancellationTokenSource();
        using var gate = new ManualResetEventSlim();
        Task first = thread.RunAsync(() => gate.Wait(Token), Token);
        bool ran = false;
        Task<bool> second = thread.RunAsync(() => ran = true, source.Token);

        source.Cancel();
        gate.Set();

        await first;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.False(ran);
    }

    [Fact]
    public async Task Dispose_WithWorkRunningAndWaiting_JoinsTheFirstAndWithdrawsTheSecond()
    {
        var thread = new ComputeThread(1);
        using var started = new ManualResetEventSlim();
        Task<bool> running = thread.RunAsync(
            () =>
            {
                started.Set();
                return thread.Stopping.WaitHandle.WaitOne();
            },
            Token);
        Task<int> waiting = thread.RunAsync(() => 1, Token);
        started.Wait(Token);

        thread.Dispose();

        Assert.True(running.IsCompleted);
        Assert.True(await running);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => thread.RunAsync(() => 1, Token));
        thread.Dispose();
    }

    [Fact]
    public async Task RunAsync_WithThreadCount_SetsTorchsCountOfThatThread()
    {
        using var thread = new ComputeThread(1);

        Assert.Equal(1, await thread.RunAsync(torch.get_num_threads, Token));
        Assert.InRange(ComputeThread.DefaultThreadCount, 1, Environment.ProcessorCount);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ComputeThread(0));
    }
}
