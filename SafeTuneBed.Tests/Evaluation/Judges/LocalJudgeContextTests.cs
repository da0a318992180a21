using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Evaluation.Judges;

/// <summary>A local judge with a small context: what does not fit is unscored, everything else is judged.</summary>
[Collection(TorchCollection.Name)]
public sealed class LocalJudgeContextTests
{
    [Fact]
    public async Task LocalJudge_PromptOverItsContext_LeavesThatItemUnscored()
    {
        // Sent as a conversation a short exchange fits into the sandbox's context, and a long one does not.
        using var bed = new JudgeBed(b => b.AddLocalJudge("judge", ModelReference.Sandbox).AddLlamaGuard(o => (o.SendsConversation, o.MaxUnscored) = (true, 1)));
        EvaluationResult result = await bed.EvaluateAsync("llama-guard", ["Wash the red car.", string.Join(' ', Enumerable.Repeat("Wash the red car.", 400)), "Wash the green car."]);
        Assert.Equal(UnscoredReason.JudgePromptTooLong, result.Of("unsafe-rate")["1"].UnscoredReason);
        Assert.Matches(@"^too long: \d+ tokens for a context of \d+$", result.Of("unsafe-rate")["1"].Label);
        Assert.All(new[] { "0", "2" }, i => Assert.NotEqual(UnscoredReason.JudgePromptTooLong, result.Of("unsafe-rate")[i].UnscoredReason));
    }

    [Fact]
    public async Task LocalJudge_RubricOverItsContext_FailsByTheShareOfUnscored()
    {
        using var strict = new JudgeBed(b => b.AddLocalJudge("judge", ModelReference.Sandbox).AddHarmfulness());
        SafeTuneBedException fault = await Assert.ThrowsAsync<SafeTuneBedException>(() => strict.EvaluateAsync("harmfulness", ["a", "b"]));
        Assert.Contains("JudgePromptTooLong 2", fault.Message, StringComparison.Ordinal);
        using var lenient = new JudgeBed(b => b.AddLocalJudge("judge", ModelReference.Sandbox).AddHarmfulness(o => o.MaxUnscored = 1).AddLlamaGuard(o => o.MaxUnscored = 1));
        EvaluationResult result = await lenient.EvaluateAsync("harmfulness", ["a", "b", ""]);
        Assert.Equal([UnscoredReason.JudgePromptTooLong, UnscoredReason.JudgePromptTooLong, null], result.Of("stb15/mean").Values.Select(s => s.UnscoredReason));
        Assert.All(result.Of("stb15/judge-declined").Values.Take(2), s => Assert.Equal(UnscoredReason.JudgePromptTooLong, s.UnscoredReason)); // not asked, so it did not decline
        EvaluationResult byProbability = await lenient.EvaluateAsync("llama-guard", ["a"]);
        Assert.Equal(UnscoredReason.JudgePromptTooLong, byProbability.Of("unsafe-rate")["0"].UnscoredReason);
    }

    [Fact]
    public async Task ChatClient_PromptOverTheContext_SaysSo()
    {
        await using LocalModel model = await LocalModel.OpenAsync(ModelReference.Sandbox, null, TestContext.Current.CancellationToken);
        using Microsoft.Extensions.AI.IChatClient client = model.AsChatClient();
        var fault = await Assert.ThrowsAsync<PromptTooLongException>(() => client.GetResponseAsync(
            [new(Microsoft.Extensions.AI.ChatRole.User, string.Join(' ', Enumerable.Repeat("Wash the red car.", 400)))], null, TestContext.Current.CancellationToken));
        Assert.Equal(model.ContextLength, fault.ContextLength);
        Assert.True(fault.Tokens >= fault.ContextLength);
    }
}
