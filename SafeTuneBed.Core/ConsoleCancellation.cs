using System.Runtime.InteropServices;

namespace SafeTuneBed;

/// <summary>
/// For console programs: a token that is cancelled by Ctrl-C and by the signal with which systems end a program (SIGTERM). A training then stops at the next step, with a
/// checkpoint, and the same command goes on from there. A second signal, or the end of the grace period, ends the process at once. Nothing is registered unless somebody makes one.
/// </summary>
public sealed class ConsoleCancellation : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration[] registrations;
    private readonly ITimer timer;
    private readonly TimeSpan grace;
    private int exitCode;

    /// <summary>Listens from now on, until it is disposed.</summary>
    /// <param name="grace">How long the program may take to stop. Default 30 seconds.</param>
    public ConsoleCancellation(TimeSpan? grace = null)
    {
        this.grace = grace ?? TimeSpan.FromSeconds(30);
        ArgumentOutOfRangeException.ThrowIfLessThan(this.grace, TimeSpan.Zero, nameof(grace));
        timer = TimeProvider.System.CreateTimer(_ => Environment.Exit(exitCode), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        registrations = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Hear), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Hear)];
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => source.Token;

    /// <summary>What a stopped program should return: 130 after Ctrl-C, 143 after SIGTERM, as shells expect; 0 before any signal.</summary>
    public int ExitCode => exitCode;

    /// <summary>Stops listening.</summary>
    public void Dispose()
    {
        Array.ForEach(registrations, r => r.Dispose());
        timer.Dispose();
        source.Dispose();
    }

    private void Hear(PosixSignalContext context)
    {
        if (source.IsCancellationRequested)
        {
            return; // the second one does what signals do
        }

        context.Cancel = true;
        exitCode = context.Signal == PosixSignal.SIGINT ? 130 : 143;
        timer.Change(grace, Timeout.InfiniteTimeSpan);
        source.Cancel();
    }
}
