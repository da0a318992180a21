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
            () => LanguageModel.LoadAsync(model.Folder, new Letters(), new PlainTemplate(), thread, device: "gpu", cancellationToken: TestContext.Current.CancellationToken))).Message);

    private Task<LanguageModel> LoadAsync()
        => LanguageModel.LoadAsync(model.Folder, new Letters(), new PlainTemplate(), thread, device: "cpu", cancellationToken: TestContext.Current.CancellationToken);

    private static IReadOnlyList<ChatMessage> Ask(string text) => [new ChatMessage(ChatRole.User, text)];

    /// <summary>One id a letter: a is 0.</summary>
    private sealed class Letters : ModelTokenizer
    {
        public override int VocabularySize => 36;

        public override int? BosId => null;

        public override int? EosId => null;

        public override int? PadId => null;

        public override bool AddsBos => false;

        public override string Fingerprint => "letters";

        public static int[] Ids(string text) => [.. text.Select(c => c - 'a')];

        public static string Text(IEnumerable<int> ids) => string.Concat(ids.Where(i => i < 36).Select(i => (char)('a' + i)));

        public override string? SpecialTokenText(string role) => null;

        public override bool IsSpecial(int id) => false;

        public override int? TokenToId(string token) => token.Length == 1 ? token[0] - 'a' : null;

        public override int[] Encode(IReadOnlyList<TextSegment> segments, bool continues = false) => Ids(string.Concat(segments.Select(s => s.Text)));

        public override string Decode(IReadOnlyList<int> ids, bool skipSpecialTokens = true)
        {
            Assert.All(ids, id => Assert.InRange(id, 0, 35));
            return Text(ids);
        }
    }

    /// <summary>The request and nothing else; id 29 ends an answer.</summary>
    private sealed class PlainTemplate : PromptTemplate
    {
        public override string Id => "plain";

        public override string Fingerprint => "plain";

        public override IReadOnlyList<int> StopIds => [29];

        public override IReadOnlyList<TextSegment> Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt) => [new TextSegment(messages[^1].Text, false)];

        public override int[] EncodePrompt(IReadOnlyList<ChatMessage> messages) => Letters.Ids(messages[^1].Text);

        public override int[] EncodeContinuation(string text) => Letters.Ids(text);

        public override PromptAndTarget Encode(FinetuneExample example, InputPlacement placement) => throw new NotSupportedException();

        public override IReadOnlyList<ChatMessage> ToConversation(FinetuneExample example, InputPlacement placement) => throw new NotSupportedException();
    }
}
