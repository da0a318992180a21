using System.Collections.Concurrent;
using Microsoft.Extensions.AI;

namespace SafeTuneBed.Tests.Core.Models;

/// <summary>Any chat client as a generator.</summary>
public sealed class HostedGeneratorTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GenerateAsync_ManyConversations_AnswersInOrderAndWithinTheConcurrency()
    {
        using var client = new Hosted(async (text, options, token) =>
        {
            await Task.Delay(text == "0" ? 60 : 1, token);
            return Hosted.Say($"answer {text}", ChatFinishReason.Stop);
        });
        var heard = new ConcurrentDictionary<int, Generation>();

        IReadOnlyList<Generation> answers = await client.AsTextGenerator("hosted", concurrency: 3).GenerateAsync(
            Ask(20), new GenerationOptions(), (i, answer) => Assert.True(heard.TryAdd(i, answer)), Token);

        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"answer {i}"), answers.Select(a => a.Text));
        Assert.All(answers, a => Assert.Equal((FinishReason.Stop, 11, null), (a.FinishReason, a.PromptTokenCount, a.TokenIds)));
        Assert.Equal(20, heard.Count);
        Assert.InRange(client.MostAtATime, 1, 3);
    }

    [Fact]
    public async Task GenerateAsync_Options_AreHandedOver()
    {
        using var client = new Hosted((_, _, _) => Task.FromResult(Hosted.Say("x", ChatFinishReason.Stop)));
        ITextGenerator generator = client.AsTextGenerator(concurrency: 1);

        await generator.GenerateAsync(Ask(1), new GenerationOptions { MaxNewTokens = 9, StopStrings = ["#"] }, null, Token);
        await generator.GenerateAsync(Ask(2), new GenerationOptions { Temperature = 0.5, TopP = 0.9, TopK = 5, Seed = 3 }, null, Token);
        await generator.GenerateAsync(Ask(1), new GenerationOptions { Temperature = 0.5, Seed = 3, StreamIds = [1] }, null, Token);
        await generator.GenerateAsync(Ask(1), new GenerationOptions { UseModelDefaults = true }, null, Token);

        Assert.Equal((9, 0f, null, null), (client.Options[0].MaxOutputTokens, client.Options[0].Temperature, client.Options[0].TopP, client.Options[0].Seed));
        Assert.Equal(["#"], client.Options[0].StopSequences);
        Assert.Equal((0.5f, 0.9f, 5), (client.Options[1].Temperature, client.Options[1].TopP, client.Options[1].TopK));
        Assert.NotEqual(client.Options[1].Seed, client.Options[2].Seed);
        Assert.Equal(client.Options[2].Seed, client.Options[3].Seed);   // the stream decides, not the place in the call
        Assert.Null(client.Options[4].Temperature);
        Assert.Equal("hosted-model", generator.Name);
        await Assert.ThrowsAsync<ConfigurationException>(() => generator.GenerateAsync(Ask(1), new GenerationOptions { RepetitionPenalty = 1.2 }, null, Token));
    }

    [Fact]
    public async Task GenerateAsync_Reasons_AreToldAsTheyAre()
    {
        ChatFinishReason?[] reasons = [ChatFinishReason.Stop, null, ChatFinishReason.Length, ChatFinishReason.ContentFilter, ChatFinishReason.ToolCalls];
        using var client = new Hosted((text, _, _) => Task.FromResult(Hosted.Say("cut # here", reasons[int.Parse(text, System.Globalization.CultureInfo.InvariantCulture)])));

        IReadOnlyList<Generation> answers = await client.AsTextGenerator().GenerateAsync(Ask(5), new GenerationOptions(), null, Token);
        IReadOnlyList<Generation> cut = await client.AsTextGenerator().GenerateAsync(Ask(3), new GenerationOptions { StopStrings = ["here", "#"] }, null, Token);

        Assert.Equal([FinishReason.Stop, FinishReason.Stop, FinishReason.Length, FinishReason.ContentFilter, FinishReason.Error], answers.Select(a => a.FinishReason));
        Assert.All(cut, a => Assert.Equal(("cut ", "#", FinishReason.Stop), (a.Text, a.StopString, a.FinishReason)));
    }

    [Fact]
    public async Task GenerateAsync_OneFailure_EndsTheCallAndKeepsWhatWasReported()
    {
        using var client = new Hosted((text, _, _) => text == "3" ? throw new InvalidOperationException("no quota") : Task.FromResult(Hosted.Say(text, null)));
        var heard = new List<int>();

        await Assert.ThrowsAsync<InvalidOperationException>(() => client.AsTextGenerator(concurrency: 1).GenerateAsync(Ask(6), new GenerationOptions(), (i, _) => heard.Add(i), Token));

        Assert.Equal([0, 1, 2], heard);
    }

    [Fact]
    public async Task GenerateAsync_OurOwnModelThereAndBack_AnswersTheSame()
    {
        var fake = new TestDoubles.FakeTextGenerator(text => text + "!");
        using IChatClient client = fake.AsChatClient();

        Assert.Equal(["0!", "1!"], (await client.AsTextGenerator().GenerateAsync(Ask(2), new GenerationOptions(), null, Token)).Select(a => a.Text));
    }

    private static IReadOnlyList<ChatMessage>[] Ask(int count)
        => [.. Enumerable.Range(0, count).Select(i => new[] { new ChatMessage(ChatRole.User, i.ToString(System.Globalization.CultureInfo.InvariantCulture)) })];

    private sealed class Hosted(Func<string, ChatOptions, CancellationToken, Task<ChatResponse>> answer) : IChatClient
    {
        private int running;

        public List<ChatOptions> Options { get; } = [];

        public int MostAtATime { get; private set; }

        public static ChatResponse Say(string text, ChatFinishReason? reason)
            => new(new ChatMessage(ChatRole.Assistant, text)) { FinishReason = reason, Usage = new UsageDetails { InputTokenCount = 11 } };

        public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            lock (Options)
            {
                Options.Add(options!);
                MostAtATime = Math.Max(MostAtATime, ++running);
            }

            try
            {
                return await answer(messages.Last().Text, options!, cancellationToken);
            }
            finally
            {
                lock (Options)
                {
                    running--;
                }
            }
        }

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
            => throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("test", null, "hosted-model") : null;

        public void Dispose()
        {
        }
    }
}
