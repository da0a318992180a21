using System.Diagnostics;
using System.Globalization;
using SafeTuneBed.FaultyJudge;

namespace SafeTuneBed.Tests.TestDoubles;

/// <summary>The faulty judge in a process of its own, which ends with this one.</summary>
internal sealed class FaultyJudgeProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly string log;

    private FaultyJudgeProcess(Process process, Uri endpoint, string log) => (this.process, Endpoint, this.log) = (process, endpoint, log);

    public Uri Endpoint { get; }

    /// <summary>Everything that it was asked, from its own log.</summary>
    public IReadOnlyList<Call> Calls => CallLog.Read(log);

    public static async Task<FaultyJudgeProcess> StartAsync(string log, uint seed, double share = 0.3, string? key = null)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardInput = true };
        foreach (string argument in new[] { typeof(JudgeServer).Assembly.Location, "--seed", seed.ToString(CultureInfo.InvariantCulture), "--fail", share.ToString(CultureInfo.InvariantCulture), "--log", log, "--while-input", "true" })
        {
            start.ArgumentList.Add(argument);
        }

        foreach (string argument in key is null ? [] : new[] { "--key", key })
        {
            start.ArgumentList.Add(argument);
        }

        Process process = Process.Start(start)!;
        string first = await process.StandardOutput.ReadLineAsync() ?? "";
        return new FaultyJudgeProcess(process, new Uri(first[(first.LastIndexOf(' ') + 1)..]), log);
    }

    /// <summary>Waits until so many requests came in.</summary>
    public async Task AskedAsync(int calls, CancellationToken cancellationToken)
    {
        while (Calls.Count < calls)
        {
            await Task.Delay(5, cancellationToken);
        }
    }

    /// <summary>Its count once nothing comes in any more.</summary>
    public async Task<IReadOnlyList<Call>> SettleAsync()
    {
        IReadOnlyList<Call> calls;
        do
        {
            calls = Calls;
            await Task.Delay(150);
        }
        while (Calls.Count != calls.Count);
        return calls;
    }

    public async ValueTask DisposeAsync()
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        process.Dispose();
    }
}
