using System.Diagnostics;

namespace SafeTuneBed.Tests.TestDoubles;

/// <summary>Runs one explicit test in a process of its own, so that it can be killed.</summary>
internal static class ChildTest
{
    public static async Task<(int Exit, string Output)> RunAsync(Type type, string method, Dictionary<string, string> environment, TimeSpan patience)
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
            await child.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            child.Kill();
            await child.WaitForExitAsync(CancellationToken.None);
        }

        return (child.ExitCode, await output + await errors);
    }
}
