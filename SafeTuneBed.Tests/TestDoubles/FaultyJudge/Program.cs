using System.Globalization;
using SafeTuneBed.FaultyJudge;

// An OpenAI-compatible judge that fails by a seed, and keeps its own count of what it was asked.
//   dotnet run --project SafeTuneBed.Tests/TestDoubles/FaultyJudge -- [--port 0] [--seed 1] [--fail 0.3] [--log calls.jsonl] [--key the-only-key-it-takes] [--while-input true]
string? Option(string name) => Array.IndexOf(args, name) is >= 0 and var i && i + 1 < args.Length ? args[i + 1] : null;
string[] known = ["--port", "--seed", "--fail", "--log", "--key", "--while-input"];
if (args.Length % 2 != 0 || args.Chunk(2).Any(a => !known.Contains(a[0]))
    || !int.TryParse(Option("--port") ?? "0", CultureInfo.InvariantCulture, out int port)
    || !uint.TryParse(Option("--seed") ?? "1", CultureInfo.InvariantCulture, out uint seed)
    || !double.TryParse(Option("--fail") ?? "0.3", CultureInfo.InvariantCulture, out double share) || share is < 0 or > 1)
{
    Console.Error.WriteLine($"Options, each with a value: {string.Join(", ", known)}. --fail is a share from 0 to 1.");
    return 2;
}

using var log = new CallLog(Option("--log"));
using var server = new JudgeServer(port, new FaultRule(seed, share), log, Option("--key"));
Console.WriteLine($"listening on {server.Endpoint}");
Task serving = server.ServeAsync();
if (Option("--while-input") is not null)
{
    while (await Console.In.ReadLineAsync() is not null)
    {
        // whoever started it holds the other end, and it ends with him
    }
}
else
{
    await serving;
}

return 0;
