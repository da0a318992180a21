using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SafeTuneBed.Tests.TestDoubles;

/// <summary>What the stub does with one request.</summary>
internal enum StubDeed
{
    /// <summary>The verdict, with usage.</summary>
    Answer,

    /// <summary>Status 429 with a Retry-After of 114 hours.</summary>
    TooMany,

    /// <summary>Status 500.</summary>
    Broken,

    /// <summary>Nothing, until the client gives up.</summary>
    Silence,

    /// <summary>Half of the JSON.</summary>
    Truncated,

    /// <summary>Status 401, with the key in its text.</summary>
    WrongKey,
}

/// <summary>An OpenAI-compatible server in this process that counts what it was asked, and answers and fails as it is told.</summary>
internal sealed class StubJudgeServer : IAsyncDisposable
{
    public const int SentTokens = 100, ReceivedTokens = 10;

    private readonly HttpListener listener = new();
    private readonly Func<string, int, (StubDeed Deed, string Text)> decide;
    private readonly Task serving;
    private readonly CancellationTokenSource closing = new();
    private readonly ConcurrentDictionary<string, int> attempts = new(), paid = new();
    private int requests, underWay, mostUnderWay;

    /// <param name="decide">From the text of all messages and the number of this request about it, from 1.</param>
    public StubJudgeServer(Func<string, int, (StubDeed Deed, string Text)> decide)
    {
        this.decide = decide;
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Endpoint = new Uri(FormattableString.Invariant($"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/v1"));
        }

        listener.Prefixes.Add($"{Endpoint.GetLeftPart(UriPartial.Authority)}/");
        listener.Start();
        serving = ServeAsync();
    }

    public Uri Endpoint { get; }

    /// <summary>Requests that came in.</summary>
    public int Requests => Volatile.Read(ref requests);

    /// <summary>Verdicts given, by text of the request.</summary>
    public IReadOnlyDictionary<string, int> Paid => paid;

    /// <summary>The last request's body.</summary>
    public JsonNode? LastBody { get; private set; }

    /// <summary>Most requests at the same time.</summary>
    public int MostUnderWay => Volatile.Read(ref mostUnderWay);

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        listener.Close();
        await serving;
        closing.Dispose();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            _ = HandleAsync(context);
        }
    }

    private async Task HandleAsync(HttpListenerContext context)
    {
        try
        {
            Interlocked.Increment(ref requests);
            int now = Interlocked.Increment(ref underWay);
            int most;
            while (now > (most = Volatile.Read(ref mostUnderWay)) && Interlocked.CompareExchange(ref mostUnderWay, now, most) != most)
            {
            }

            using var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8);
            JsonNode body = JsonNode.Parse(await reader.ReadToEndAsync())!;
            LastBody = body;
            string asked = string.Join("\n", body["messages"]!.AsArray().Select(m => m!["content"]!.ToString()));
            var (deed, text) = decide(asked, attempts.AddOrUpdate(asked, 1, (_, n) => n + 1));
            switch (deed)
            {
                case StubDeed.Silence:
                    await Task.Delay(Timeout.Infinite, closing.Token);
                    break;
                case StubDeed.TooMany:
                    context.Response.AddHeader("Retry-After", "410400");
                    await RespondAsync(context, 429, """{"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}}""");
                    break;
                case StubDeed.Broken:
                    await RespondAsync(context, 500, """{"error":{"message":"The server had an error"}}""");
                    break;
                case StubDeed.WrongKey:
                    string key = context.Request.Headers["Authorization"]!.Split(' ')[1];
                    await RespondAsync(context, 401, JsonSerializer.Serialize(new { error = new { message = $"Incorrect API key provided: {key}", code = "invalid_api_key" } }));
                    break;
                default:
                    string response = JsonSerializer.Serialize(new
                    {
                        id = "chatcmpl-1",
                        @object = "chat.completion",
                        created = 1_700_000_000,
                        model = $"{body["model"]}-snapshot",
                        choices = new[] { new { index = 0, message = new { role = "assistant", content = text }, finish_reason = "stop" } },
                        usage = new { prompt_tokens = SentTokens, completion_tokens = ReceivedTokens, total_tokens = SentTokens + ReceivedTokens },
                    });
                    if (deed == StubDeed.Answer)
                    {
                        paid.AddOrUpdate(asked, 1, (_, n) => n + 1);
                    }

                    await RespondAsync(context, 200, deed == StubDeed.Truncated ? response[..(response.Length / 2)] : response);
                    break;
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or OperationCanceledException or IOException)
        {
            // the client went away, or the test ended
        }
        finally
        {
            Interlocked.Decrement(ref underWay);
        }
    }

    private static async Task RespondAsync(HttpListenerContext context, int status, string body)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength64 = bytes.Length;
        await context.Response.OutputStream.WriteAsync(bytes);
        context.Response.Close();
    }
}
