using Microsoft.Extensions.AI;
using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Text;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Models;

[Collection(TorchCollection.Name)]
public sealed class LanguageModelTests : IDisposable
{
    private readonly TinyModel model = new(new TinyShape { Seed = 31 });
    private readonly ComputeThread thread = new(1);

    public void Dispose()
    {
        thread.Dispose();
        model.Dispose();
    }

    [Fact]
    public async Task GenerateAsync_Conversations_AnswersWithTextIdsAndReasons()
    {
        using LanguageModel language = await LoadAsync();
        var reference = new ReferenceDecoder(model);
        string[] requests = ["abc", "d", "efghij"];
        var heard = new Dictionary<int, Generation>();

        IReadOnlyList<Generation> answers = await language.GenerateAsync(
            [.. requests.Select(Ask)], new GenerationOptions { MaxNewTokens = 6 }, heard.Add, TestContext.Current.CancellationToken);

        for (int i = 0; i < requests.Length; i++)
        {
            int[] greedy = reference.Greedy(Letters.Ids(requests[i]), 6);
            int stop = Array.FindIndex(greedy, id => language.StopIds.Contains(id));
            int[] expected = stop < 0 ? greedy : greedy[..(stop + 1)];
            Assert.Equal(expected, answers[i].TokenIds);
            Assert.Equal(Letters.Text(stop < 0 ? greedy : greedy[..stop]), answers[i].Text);
            Assert.Equal(stop < 0 ? FinishReason.Length : FinishReason.Stop, answers[i].FinishReason);
            Assert.Equal(requests[i].Length, answers[i].PromptTokenCount);
            Assert.Same(answers[i], heard[i]);
        }
    }

    [Fact]
    public async Task GenerateAsync_StopStrings_EndTheAnswerBeforeThem()
    {
        using LanguageModel language = await LoadAsync();
        string whole = (await language.GenerateAsync([Ask("abc")], new GenerationOptions { MaxNewTokens = 12 }, null, TestContext.Current.CancellationToken))[0].Text;
        string stop = whole.Substring(4, 2);
        int at = whole.IndexOf(stop, StringComparison.Ordinal);

        Generation answer = (await language.GenerateAsync([Ask("abc")], new GenerationOptions { MaxNewTokens = 12, StopStrings = ["never", stop] }, null, TestContext.Current.CancellationToken))[0];

        Assert.Equal(whole[..at], answer.Text);
        Assert.Equal(FinishReason.Stop, answer.FinishReason);
        Assert.Equal(at + 2, answer.TokenIds!.Count);
    }

    [Fact]
    public async Task GenerateAsync_StopStringThatIsASpecialToken_EndsTheAnswerAtItsId()
    {
        using LanguageModel language = await LoadAsync();
        Generation whole = (await language.GenerateAsync([Ask("abc")], new GenerationOptions { MaxNewTokens = 12 }, null, TestContext.Current.CancellationToken))[0];
        int at = whole.TokenIds!.ToList().FindIndex(id => !language.StopIds.Contains(id));
        string spelled = Letters.Text([whole.TokenIds![at]]);
        using LanguageModel special = await LoadAsync(new Letters { Special = whole.TokenIds![at] });

        Generation answer = (await special.GenerateAsync([Ask("abc")], new GenerationOptions { MaxNewTokens = 12, StopStrings = [spelled] }, null, TestContext.Current.CancellationToken))[0];

        Assert.Equal(whole.TokenIds!.Take(at + 1), answer.TokenIds);
        Assert.Equal(FinishReason.Stop, answer.FinishReason);
    }

    [Fact]
    public async Task StopIds_OfAModel_AreThoseOfItsConfigurationAndItsTemplate()
    {
        File.WriteAllText(Path.Combine(model.Folder, "generation_config.json"), """{"eos_token_id":[30,31]}""");
        using LanguageModel language = await LoadAsync();

        Assert.Equal([29, 30, 31], language.StopIds);
        Assert.Equal(Path.GetFileName(model.Folder), language.Name);
        Assert.Equal(ScalarType.Float32, language.Decoder.ComputeType);
    }

    [Fact]
    public async Task ScoreAsync_Continuations_EqualsPlainLoops()
    {
        using LanguageModel language = await LoadAsync();
        double[][] logs = new ReferenceDecoder(model).LogProbabilities(Letters.Ids("abcxy"));

        IReadOnlyList<ContinuationScore> scores = await language.ScoreAsync([(Ask("abc"), "xy")], TestContext.Current.CancellationToken);

        Assert.Equal(logs[2][Letters.Ids("x")[0]] + logs[3][Letters.Ids("y")[0]], scores[0].LogProbability, 1e-4);
        Assert.Equal(2, scores[0].TokenCount);
    }

    [Fact]
    public async Task ScoreTextAsync_TextAndContinuation_EqualsPlainLoops()
    {
        using LanguageModel language = await LoadAsync();
        double[][] logs = new ReferenceDecoder(model).LogProbabilities(Letters.Ids("abcxy"));
        double expected = logs[2][Letters.Ids("x")[0]] + logs[3][Letters.Ids("y")[0]];

        IReadOnlyList<ContinuationScore> scores = await language.ScoreTextAsync([("abc", "xy"), ("abc", "x"), ("abc", "")], TestContext.Current.CancellationToken);

        Assert.Equal(expected, scores[0].LogProbability, 1e-4);
        Assert.Equal([(2, 0), (1, 0), (0, 0)], scores.Select(s => (s.TokenCount, s.DroppedTokens)));
        Assert.Equal(logs[2][Letters.Ids("x")[0]], scores[1].LogProbability, 1e-4);
        Assert.Equal([3], await language.CountTokensAsync(["abc"], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ScoreTextAsync_LongerThanTheContext_DropsTheBeginningOrUsesWindows()
    {
        using var small = new TinyModel(new TinyShape { Seed = 31, Context = 8 });
        using LanguageModel language = await LoadAsync(small);
        var reference = new ReferenceDecoder(small);
        string text = "abcdefghijkl";

        IReadOnlyList<ContinuationScore> scores = await language.ScoreTextAsync([(text, "xy"), ("a", "bcdefghijklmnopqrs")], TestContext.Current.CancellationToken);

        // Nine tokens fit, the last of which is only predicted: the last seven of the text and both of the continuation.
        double[][] kept = reference.LogProbabilities(Letters.Ids("fghijklx"));
        Assert.Equal(kept[6][Letters.Ids("x")[0]] + kept[7][Letters.Ids("y")[0]], scores[0].LogProbability, 1e-4);
        Assert.Equal(5, scores[0].DroppedTokens);

        // Each token once, behind as many as a window holds: 8, 8, and the last two behind seven.
        int[] all = Letters.Ids("abcdefghijklmnopqrs");
        double sum = Window(all[..9], 8) + Window(all[8..17], 8) + Window(all[10..19], 2);
        Assert.Equal(18, scores[1].TokenCount);
        Assert.Equal(sum, scores[1].LogProbability, 1e-3);

        double Window(int[] ids, int scored)
        {
            double[][] logs = reference.LogProbabilities(ids[..^1]);
            return Enumerable.Range(ids.Length - scored, scored).Sum(i => logs[i - 1][ids[i]]);
        }
    }

    [Fact]
    public async Task TakeTokensAsync_Answers_GivesTheirFirstTokens()
    {
        using LanguageModel language = await LoadAsync();
        Assert.Equal(["abc", "ab", ""], await language.TakeTokensAsync(["abcdef", "ab", ""], 3, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => language.TakeTokensAsync(["a"], 0, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task GenerateAsync_BegunAnswerAndPlainText_GoOnFromTheirLastToken()
    {
        using LanguageModel language = await LoadAsync();
        int[] greedy = new ReferenceDecoder(model).Greedy(Letters.Ids("abcxy"), 4);
        var options = new GenerationOptions { MaxNewTokens = 4 };
        Generation begun = (await language.GenerateAsync([[.. Ask("abc"), new ChatMessage(ChatRole.Assistant, "xy")]], options, null, TestContext.Current.CancellationToken))[0];
        Generation plain = (await language.CompleteAsync(["abcxy"], options, null, TestContext.Current.CancellationToken))[0];
        int stop = Array.FindIndex(greedy, id => language.StopIds.Contains(id));
        Assert.Equal(stop < 0 ? greedy : greedy[..(stop + 1)], begun.TokenIds);
        Assert.Equal(begun.TokenIds, plain.TokenIds);
        Assert.Equal(5, begun.PromptTokenCount);
    }

    [Fact]
    public async Task GenerateAsync_ThreadDisposedMeanwhile_EndsAsCancelled()
    {
        using LanguageModel language = await LoadAsync();
        using var started = new ManualResetEventSlim();
        Task<IReadOnlyList<Generation>> running = language.GenerateAsync(
            [.. Enumerable.Repeat(Ask("abc"), 2000)], new GenerationOptions { MaxNewTokens = 40, BatchSize = 1 }, (_, _) => started.Set(), TestContext.Current.CancellationToken);
        started.Wait(TestContext.Current.CancellationToken);

        thread.Dispose();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task LoadAsync_UnknownDevice_IsRefused()
        => Assert.Contains("'gpu'", (await Assert.ThrowsAsync<ConfigurationException>(
            () => LanguageModel.LoadAsync(model.Folder, new Letters(), new LetterTemplate(), thread, device: "gpu", cancellationToken: TestContext.Current.CancellationToken))).Message);

    [Fact]
    public async Task GenerateAsync_StopStringOrStopId_SaysWhich()
    {
        using LanguageModel language = await LoadAsync();
        var options = new GenerationOptions { MaxNewTokens = 12 };
        string whole = (await language.GenerateAsync([Ask("abc")], options, null, TestContext.Current.CancellationToken))[0].Text;

        Generation byText = (await language.GenerateAsync([Ask("abc")], options with { StopStrings = [whole.Substring(3, 2)] }, null, TestContext.Current.CancellationToken))[0];
        Generation byLimit = (await language.GenerateAsync([Ask("abc")], options with { MaxNewTokens = 2 }, null, TestContext.Current.CancellationToken))[0];

        Assert.Equal((FinishReason.Stop, whole.Substring(3, 2)), (byText.FinishReason, byText.StopString));
        Assert.Equal((FinishReason.Length, null), (byLimit.FinishReason, byLimit.StopString));
    }

    [Fact]
    public async Task GenerateAsync_StopStringsInABatch_CutEachAnswerAsAPlainSearchDoes()
    {
        using LanguageModel language = await LoadAsync();
        IReadOnlyList<ChatMessage>[] conversations = [.. "abcdefghijklmnopqrstuvwxyz".Select(c => Ask(new string(c, 1 + (c % 5))))];
        var options = new GenerationOptions { MaxNewTokens = 30, BatchSize = 5 };
        string[] whole = new string[conversations.Length];
        for (int i = 0; i < whole.Length; i++)
        {
            whole[i] = (await language.GenerateAsync([conversations[i]], options, null, TestContext.Current.CancellationToken))[0].Text;
        }

        string[] stops = [.. whole.OrderByDescending(w => w.Length).Take(3).Select(w => w.Substring(w.Length / 2, 2))];
        IReadOnlyList<Generation> answers = await language.GenerateAsync(conversations, options with { StopStrings = stops }, null, TestContext.Current.CancellationToken);

        for (int i = 0; i < whole.Length; i++)
        {
            int at = stops.Select(s => whole[i].IndexOf(s, StringComparison.Ordinal)).Where(a => a >= 0).DefaultIfEmpty(whole[i].Length).Min();
            Assert.Equal(whole[i][..at], answers[i].Text);
            Assert.Equal(at < whole[i].Length, answers[i].StopString is not null);
        }

        Assert.True(answers.Count(a => a.StopString is not null) >= 3);
    }

    [Fact]
    public async Task GenerateAsync_WithTheModelsOwnDecoding_EqualsTheSameValuesGivenByHand()
    {
        File.WriteAllText(Path.Combine(model.Folder, "generation_config.json"), """{"do_sample":true,"temperature":1.5,"top_k":9,"eos_token_id":30}""");
        using LanguageModel language = await LoadAsync();
        async Task<string> Answer(GenerationOptions options) => (await language.GenerateAsync([Ask("abc")], options with { MaxNewTokens = 20, Seed = 8 }, null, TestContext.Current.CancellationToken))[0].Text;

        Assert.Equal(await Answer(new GenerationOptions { Temperature = 1.5, TopK = 9 }), await Answer(new GenerationOptions { UseModelDefaults = true }));
        Assert.NotEqual(await Answer(new GenerationOptions()), await Answer(new GenerationOptions { UseModelDefaults = true }));
    }

    private Task<LanguageModel> LoadAsync(TinyModel other)
        => LanguageModel.LoadAsync(other.Folder, new Letters(), new LetterTemplate(), thread, device: "cpu", cancellationToken: TestContext.Current.CancellationToken);

    private Task<LanguageModel> LoadAsync(Letters? letters = null)
        => LanguageModel.LoadAsync(model.Folder, letters ?? new Letters(), new LetterTemplate(), thread, device: "cpu", cancellationToken: TestContext.Current.CancellationToken);

    private static IReadOnlyList<ChatMessage> Ask(string text) => [new ChatMessage(ChatRole.User, text)];
}
