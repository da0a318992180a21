using Microsoft.Extensions.AI;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.EndToEnd;

/// <summary>The embedded model, opened by its public door.</summary>
[Collection(TorchCollection.Name)]
public sealed class LocalModelTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OpenAsync_Sandbox_AnswersStreamsAndScores()
    {
        await using LocalModel model = await LocalModel.OpenAsync("sandbox", cancellationToken: Token);
        using IChatClient client = model.AsChatClient(new GenerationOptions { MaxNewTokens = 24 });
        ChatMessage[] conversation = [new(ChatRole.User, PromptOfTheSandbox)];

        Generation answer = (await model.GenerateAsync([conversation], new GenerationOptions { MaxNewTokens = 24 }, null, Token))[0];
        ChatResponse streamed = await client.GetStreamingResponseAsync(conversation, null, Token).ToChatResponseAsync(Token);
        IReadOnlyList<ContinuationScore> scores = await model.ScoreAsync([(conversation, answer.Text), (conversation, "zzz")], Token);

        Assert.False(answer.IsEmpty);
        Assert.Equal(answer.Text, streamed.Text);
        Assert.True(scores[0].IsGreedy && scores[0].LogProbability > scores[1].LogProbability);
        Assert.Equal("sandbox", model.Name);
    }

    [Fact]
    public async Task OpenAsync_NoSuchFolder_IsToldAtOnce()
        => await Assert.ThrowsAsync<ModelFormatException>(() => LocalModel.OpenAsync("no/such/folder", cancellationToken: Token));

    private const string PromptOfTheSandbox = "Tell me how to paint the fence.";
}
