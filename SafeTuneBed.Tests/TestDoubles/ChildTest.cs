using System.Diagnostics;

namespace SafeTuneBed.Tests.TestDoubles;

/// <summary>Runs one explicit test in a process of its own, so that it can be killed.</summary>
internal static class ChildTest
{
    /// <param name="type">The class of the test.</param>
    /// <param name="method">Its method.</param>
    /// <param name="environment">Variables that it gets.</param>
    /// <param name="patience">After so long it is killed.</param>
    /// <param name="until">When this ends the process is killed; null lets it end by itself.</param>
    public static async Task<(int Exit, string Output)> RunAsync(Type type, string method, Dictionary<string, string> environment, TimeSpan patience, Func<CancellationToken, Task>? until = null)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
        {
            start.ArgumentList.Add(type.Assembly.Location);
        }

        foreach (string argument in new[] { "-explicit", "only", "-method", $"{type.FullName}.{method}" })
        {
            start.ArgumentList.Add(argument);
        }

        foreach (string variable in start.Environment.Keys.Where(k => k.StartsWith("TESTINGPLATFORM", StringComparison.Ordinal) || k.StartsWith("DOTNET_CLI_TEST", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(variable);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process child = Process.Start(start)!;
        Task<string> output = child.StandardOutput.ReadToEndAsync(), errors = child.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(patience);
        try
        {
            Task ended = child.WaitForExitAsync(limit.Token);
            if (until is not null)
            {
                await await Task.WhenAny(ended, until(limit.Token));
                child.Kill(); // SIGKILL; nothing where it has ended
            }

            await ended;
        }
        catch (OperationCanceledException)
        {
            child.Kill();
            await child.WaitForExitAsync(CancellationToken.None);
        }

        return (child.ExitCode, await output + await errors);
    }
}
