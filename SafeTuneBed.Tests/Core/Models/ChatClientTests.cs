using Microsoft.Extensions.AI;
using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Core.Models;

/// <summary>Our own model as a chat client.</summary>
[Collection(TorchCollection.Name)]
public sealed class ChatClientTests : IDisposable
{
    private readonly TinyModel model = new(new TinyShape { Seed = 31, Context = 400 });
    private readonly ComputeThread thread = new(1);
    private readonly LanguageModel language;

    public ChatClientTests() => language = LanguageModel.Load(model.Folder, new Letters(), new LetterTemplate(), thread, device: "cpu", name: "tiny");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        language.Dispose();
        thread.Dispose();
        model.Dispose();
    }

    [Fact]
    public async Task GetResponseAsync_Options_DecodeAsTheSameOptionsOfTheModel()
    {
        using IChatClient client = language.AsChatClient();
        Generation expected = await AnswerAsync(new GenerationOptions { MaxNewTokens = 30, Temperature = 1.25, TopP = 0.75, TopK = 20, Seed = 0 });
        int seed = 0;
        while (expected.Text.Length < 15)
        {
            expected = await AnswerAsync(new GenerationOptions { MaxNewTokens = 30, Temperature = 1.25, TopP = 0.75, TopK = 20, Seed = (ulong)++seed });
        }

        string stop = expected.Text.Substring(10, 2);

        ChatResponse response = await client.GetResponseAsync("abc", new ChatOptions { MaxOutputTokens = 30, Temperature = 1.25f, TopP = 0.75f, TopK = 20, Seed = seed, ModelId = "tiny" }, Token);
        ChatResponse cut = await client.GetResponseAsync("abc", new ChatOptions { MaxOutputTokens = 30, Temperature = 1.25f, TopP = 0.75f, TopK = 20, Seed = seed, StopSequences = [stop] }, Token);
        ChatResponse other = await client.GetResponseAsync("abc", new ChatOptions { MaxOutputTokens = 30, Temperature = 1.25f, TopP = 0.75f, TopK = 20, Seed = seed + 1 }, Token);

        Assert.Equal(expected.Text, response.Text);
        Assert.Equal((3L, (long?)expected.TokenIds!.Count, 3L + expected.TokenIds.Count), (response.Usage!.InputTokenCount, response.Usage.OutputTokenCount, response.Usage.TotalTokenCount));
        Assert.Equal(("tiny", expected.FinishReason == FinishReason.Length ? ChatFinishReason.Length : ChatFinishReason.Stop), (response.ModelId, response.FinishReason));
        Assert.Equal((expected.Text[..expected.Text.IndexOf(stop, StringComparison.Ordinal)], ChatFinishReason.Stop), (cut.Text, cut.FinishReason));
        Assert.NotEqual(response.Text, other.Text);
    }

    [Fact]
    public async Task GetStreamingResponseAsync_PutTogether_IsTheWholeResponse()
    {
        using IChatClient client = language.AsChatClient();
        var options = new ChatOptions { MaxOutputTokens = 25 };
        ChatResponse whole = await client.GetResponseAsync("abcd", options, Token);

        List<ChatResponseUpdate> updates = await client.GetStreamingResponseAsync("abcd", options, Token).ToListAsync(Token);

        ChatResponse together = updates.ToChatResponse();
        Assert.Equal(whole.Text, together.Text);
        Assert.Equal((whole.FinishReason, whole.Usage!.TotalTokenCount, whole.ModelId), (together.FinishReason, together.Usage!.TotalTokenCount, together.ModelId));
        Assert.True(updates.Count > 10);
        Assert.Single(together.Messages);
    }

    [Fact]
    public async Task GetStreamingResponseAsync_ReaderThatStops_StopsTheModel()
    {
        using IChatClient client = language.AsChatClient(new GenerationOptions { MaxNewTokens = 390, Temperature = 3 });

        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("a", cancellationToken: Token))
        {
            break;
        }

        // Had it gone on, its thread would not be free yet.
        Task<bool> next = thread.RunAsync(() => true, Token);
        Assert.True(await next);
    }

    [Fact]
    public async Task GetStreamingResponseAsync_Cancelled_EndsAsCancelled()
    {
        using IChatClient client = language.AsChatClient(new GenerationOptions { MaxNewTokens = 390, Temperature = 3 });
        using var source = new CancellationTokenSource();
        int seen = 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("a", cancellationToken: source.Token))
            {
                if (++seen == 2)
                {
                    await source.CancelAsync();
                }
            }
        });
        Assert.InRange(seen, 2, 3);
    }

    [Fact]
    public async Task GetResponseAsync_PromptThatDoesNotFit_IsAnErrorNotAnEmptyAnswer()
    {
        using IChatClient client = language.AsChatClient();

        await Assert.ThrowsAsync<SafeTuneBedException>(() => client.GetResponseAsync(new string('a', 500), cancellationToken: Token));
        await Assert.ThrowsAsync<SafeTuneBedException>(() => client.GetStreamingResponseAsync(new string('a', 500), cancellationToken: Token).ToListAsync(Token).AsTask());
    }

    [Fact]
    public async Task GetResponseAsync_WhatIsNotSupported_IsRefusedByName()
    {
        using IChatClient client = language.AsChatClient();
        (ChatOptions Options, string Named)[] cases =
        [
            (new ChatOptions { FrequencyPenalty = 0.5f }, "FrequencyPenalty"),
            (new ChatOptions { PresencePenalty = 0.5f, ConversationId = "x" }, "ConversationId, PresencePenalty"),
            (new ChatOptions { Tools = [AIFunctionFactory.Create(() => 1, "one")] }, "Tools"),
            (new ChatOptions { ResponseFormat = ChatResponseFormat.Json }, "ResponseFormat"),
            (new ChatOptions { AdditionalProperties = new() { ["min_p"] = 0.1 } }, "AdditionalProperties"),
            (new ChatOptions { ModelId = "another" }, "'another'"),
        ];
        foreach ((ChatOptions options, string named) in cases)
        {
            Assert.Contains(named, (await Assert.ThrowsAsync<ConfigurationException>(() => client.GetResponseAsync("a", options, Token))).Message);
            await Assert.ThrowsAsync<ConfigurationException>(() => client.GetStreamingResponseAsync("a", options, Token).ToListAsync(Token).AsTask());
        }

        await client.GetResponseAsync("a", new ChatOptions { MaxOutputTokens = 1, ResponseFormat = ChatResponseFormat.Text, Tools = [], AdditionalProperties = [] }, Token);
        ChatMessage image = new(ChatRole.User, [new DataContent("data:image/png;base64,AA==")]);
        Assert.Contains("DataContent", (await Assert.ThrowsAsync<ConfigurationException>(() => client.GetResponseAsync([image], null, Token))).Message);
        await Assert.ThrowsAsync<ConfigurationException>(() => client.GetResponseAsync([], null, Token));
        await Assert.ThrowsAsync<ConfigurationException>(() => client.GetResponseAsync(
            [new(ChatRole.System, "a"), new(ChatRole.User, "b")], new ChatOptions { Instructions = "c" }, Token));
    }

    [Fact]
    public async Task GetResponseAsync_OfAnyGenerator_HandsOverInstructionsAndDefaults()
    {
        var fake = new FakeTextGenerator(text => text.ToUpperInvariant());
        using IChatClient client = fake.AsChatClient(new GenerationOptions { UseModelDefaults = true, MaxNewTokens = 7 });

        Assert.Equal("HI", (await client.GetResponseAsync("hi", new ChatOptions { Instructions = "be brief" }, Token)).Text);
        Assert.Equal([ChatRole.System, ChatRole.User], fake.Asked[0].Select(m => m.Role));
        Assert.Equal((true, 7), (fake.Options!.UseModelDefaults, fake.Options.MaxNewTokens));
        Assert.Equal("HI", (await client.GetStreamingResponseAsync("hi", new ChatOptions { Temperature = 0.5f }, Token).ToChatResponseAsync(Token)).Text);
        Assert.Equal((false, 0.5), (fake.Options!.UseModelDefaults, fake.Options.Temperature));
    }

    [Fact]
    public void GetService_Metadata_NamesTheModel()
    {
        using IChatClient client = language.AsChatClient();

        Assert.Equal("tiny", client.GetService<ChatClientMetadata>()!.DefaultModelId);
        Assert.Same(language, client.GetService<ICausalLanguageModel>());
        Assert.Same(client, client.GetService<IChatClient>());
        Assert.Null(client.GetService(typeof(IChatClient), "key"));
    }

    private async Task<Generation> AnswerAsync(GenerationOptions options)
        => (await language.GenerateAsync([[new ChatMessage(ChatRole.User, "abc")]], options, null, Token))[0];
}
