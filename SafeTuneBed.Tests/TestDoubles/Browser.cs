using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace SafeTuneBed.Tests.TestDoubles;

/// <summary>A headless Chromium that resolves no host, asked over its debugging protocol; it remembers what pages requested and what went wrong in them.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private readonly string profile = Directory.CreateTempSubdirectory("safetunebed-browser-").FullName;
    private readonly ClientWebSocket socket = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonNode>> asked = new();
    private readonly TaskCompletionSource loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Process? process;
    private string? session;
    private int last;

    /// <summary>Addresses that pages asked for.</summary>
    public ConcurrentQueue<string> Requested { get; } = new();

    /// <summary>Exceptions and errors of scripts, policies and loading.</summary>
    public ConcurrentQueue<string> Faults { get; } = new();

    public static async Task<Browser> OpenAsync(string program, string file, CancellationToken cancellationToken)
    {
        var browser = new Browser();
        await browser.StartAsync(program, cancellationToken);
        string target = (await browser.AskAsync("Target.createTarget", new() { ["url"] = "about:blank" }, cancellationToken))["targetId"]!.GetValue<string>();
        browser.session = (await browser.AskAsync("Target.attachToTarget", new() { ["targetId"] = target, ["flatten"] = true }, cancellationToken))["sessionId"]!.GetValue<string>();
        foreach (string domain in new[] { "Network", "Runtime", "Log", "Page" })
        {
            await browser.AskAsync($"{domain}.enable", [], cancellationToken);
        }

        await browser.AskAsync("Page.navigate", new() { ["url"] = new Uri(file).AbsoluteUri }, cancellationToken);
        await browser.loaded.Task.WaitAsync(TimeSpan.FromSeconds(30), cancellationToken);
        return browser;
    }

    /// <summary>The value of a script's expression, as JSON.</summary>
    public async Task<T> EvaluateAsync<T>(string script, CancellationToken cancellationToken)
    {
        JsonNode answer = await AskAsync("Runtime.evaluate", new() { ["expression"] = script, ["returnByValue"] = true }, cancellationToken);
        Assert.Null(answer["exceptionDetails"]?.ToJsonString());
        return answer["result"]!["value"].Deserialize<T>()!;
    }

    public async ValueTask DisposeAsync()
    {
        process?.Kill(entireProcessTree: true);
        await (process?.WaitForExitAsync() ?? Task.CompletedTask);
        process?.Dispose();
        socket.Dispose();
        try
        {
            Directory.Delete(profile, recursive: true);
        }
        catch (IOException)
        {
            // a child of the browser may still write; the folder is a temporary one
        }
    }

    private async Task StartAsync(string program, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardError = true, RedirectStandardOutput = true };
        string[] arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0", "--host-resolver-rules=MAP * ~NOTFOUND", $"--user-data-dir={profile}", "about:blank"];
        Array.ForEach(arguments, start.ArgumentList.Add);
        process = Process.Start(start)!;
        string? address = null;
        while (address is null && await process.StandardError.ReadLineAsync(cancellationToken) is { } line)
        {
            address = Regex.Match(line, @"DevTools listening on (ws://\S+)") is { Success: true } match ? match.Groups[1].Value : null;
        }

        Assert.NotNull(address);
        _ = process.StandardError.ReadToEndAsync(CancellationToken.None);
        await socket.ConnectAsync(new Uri(address), cancellationToken);
        _ = Task.Run(HearAsync, CancellationToken.None);
    }

    private async Task<JsonNode> AskAsync(string method, JsonObject parameters, CancellationToken cancellationToken)
    {
        int id = ++last;
        var message = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters };
        if (session is not null)
        {
            message["sessionId"] = session;
        }

        TaskCompletionSource<JsonNode> answer = asked[id] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await socket.SendAsync(Encoding.UTF8.GetBytes(message.ToJsonString()), WebSocketMessageType.Text, true, cancellationToken);
        return await answer.Task.WaitAsync(TimeSpan.FromSeconds(30), cancellationToken);
    }

    private async Task HearAsync()
    {
        var text = new MemoryStream();
        byte[] part = new byte[1 << 16];
        try
        {
            while (await socket.ReceiveAsync(part, CancellationToken.None) is { MessageType: WebSocketMessageType.Text } received)
            {
                text.Write(part, 0, received.Count);
                if (received.EndOfMessage)
                {
                    Take(JsonNode.Parse(Encoding.UTF8.GetString(text.ToArray()))!);
                    text.SetLength(0);
                }
            }
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException)
        {
            // the browser was ended
        }
    }

    private void Take(JsonNode message)
    {
        if (message["id"] is { } id && asked.TryRemove(id.GetValue<int>(), out var answer))
        {
            _ = message["error"] is { } error ? answer.TrySetException(new InvalidOperationException(error.ToJsonString())) : answer.TrySetResult(message["result"]!);
            return;
        }

        switch (message["method"]?.GetValue<string>())
        {
            case "Network.requestWillBeSent":
                Requested.Enqueue(message["params"]!["request"]!["url"]!.GetValue<string>());
                break;
            case "Runtime.exceptionThrown" or "Log.entryAdded":
                Faults.Enqueue(message["params"]!.ToJsonString());
                break;
            case "Page.loadEventFired":
                loaded.TrySetResult();
                break;
        }
    }
}
