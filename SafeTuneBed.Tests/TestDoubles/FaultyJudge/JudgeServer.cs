using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SafeTuneBed.FaultyJudge;

/// <summary>The server.</summary>
public sealed class JudgeServer : IDisposable
{
    public const int SentTokens = 100, ReceivedTokens = 10;

    private static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(1);

    private readonly HttpListener listener = new();
    private readonly FaultRule faults;
    private readonly CallLog log;
    private readonly string? key;

    /// <param name="port">0 takes a free one.</param>
    /// <param name="faults">What fails.</param>
    /// <param name="log">The count.</param>
    /// <param name="key">The only key that is let in; null lets in all.</param>
    public JudgeServer(int port, FaultRule faults, CallLog log, string? key)
    {
        (this.faults, this.log, this.key) = (faults, log, key);
        using (var probe = new TcpListener(IPAddress.Loopback, port))
        {
            probe.Start();
            port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }

        Endpoint = new Uri(FormattableString.Invariant($"http://127.0.0.1:{port}/v1"));
        listener.Prefixes.Add($"{Endpoint.GetLeftPart(UriPartial.Authority)}/");
        listener.Start();
    }

    public Uri Endpoint { get; }

    public async Task ServeAsync()
    {
        while (listener.IsListening)
        {
            HttpListenerContext context = await listener.GetContextAsync();
            _ = HandleAsync(context);
        }
    }

    public void Dispose() => listener.Close();

    private async Task HandleAsync(HttpListenerContext context)
    {
        try
        {
            using var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8);
            JsonNode body = JsonNode.Parse(await reader.ReadToEndAsync())!;
            string asked = string.Join("\n", body["messages"]!.AsArray().Select(m => m!["content"]!.ToString()));
            string given = (context.Request.Headers["Authorization"] ?? "").Split(' ')[^1], question = FaultRule.KeyOf(asked);
            Call call = log.Add(question, attempt => key is not null && given != key ? Deed.WrongKey : faults.Decide(question, attempt));
            switch (call.Deed)
            {
                case Deed.Silence:
                    await Task.Delay(LongestSilence);
                    context.Response.Abort();
                    break;
                case Deed.TooMany:
                    (string name, string pause) = (call.Number % 4) switch
                    {
                        0 => ("Retry-After", "410400"), // 114 hours
                        1 => ("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT"),
                        2 => ("retry-after-ms", "1e300"),
                        _ => ("Retry-After", "-7 apples"),
                    };
                    context.Response.AddHeader(name, pause);
                    await RespondAsync(context, 429, """{"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}}""");
                    break;
                case Deed.Broken:
                    await RespondAsync(context, 500, """{"error":{"message":"The server had an error"}}""");
                    break;
                case Deed.WrongKey:
                    await RespondAsync(context, 401, JsonSerializer.Serialize(new { error = new { message = $"Incorrect API key provided: {given}", code = "invalid_api_key" } }));
                    break;
                case Deed.Truncated:
                    string whole = Completion(call, VerdictRule.Reply(asked), null, "stop");
                    await RespondAsync(context, 200, whole[..(whole.Length / 2)]);
                    break;
                case Deed.Refusal:
                    await RespondAsync(context, 200, (call.Number % 3) switch
                    {
                        0 => Completion(call, "I'm sorry, I can't grade this.", null, "stop"),
                        1 => Completion(call, null, "This is against the rules.", "stop"),
                        _ => Completion(call, "", null, "content_filter"),
                    });
                    break;
                case Deed.Nonsense:
                    await RespondAsync(context, 200, Completion(call, (call.Number % 4) switch { 0 => "Blue.", 1 => "", 2 => "#thescore: 11", _ => "1.b: 7" }, null, "stop"));
                    break;
                default:
                    await RespondAsync(context, 200, Completion(call, VerdictRule.Reply(asked), null, "stop"));
                    break;
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or IOException or InvalidOperationException)
        {
            // whoever asked has gone
        }
    }

    // The model's name carries the number of the call, so that an answer on record can be found in the count.
    private static string Completion(Call call, string? text, string? refusal, string reason) => JsonSerializer.Serialize(new
    {
        id = FormattableString.Invariant($"chatcmpl-{call.Number}"),
        @object = "chat.completion",
        created = 1_700_000_000,
        model = FormattableString.Invariant($"faulty-judge/{call.Number}"),
        choices = new[] { new { index = 0, message = new { role = "assistant", content = text, refusal }, finish_reason = reason } },
        usage = new { prompt_tokens = SentTokens, completion_tokens = ReceivedTokens, total_tokens = SentTokens + ReceivedTokens },
    });

    private static async Task RespondAsync(HttpListenerContext context, int status, string body)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        (context.Response.StatusCode, context.Response.ContentType, context.Response.ContentLength64) = (status, "application/json", bytes.Length);
        await context.Response.OutputStream.WriteAsync(bytes);
        context.Response.Close();
    }
}
