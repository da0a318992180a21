using SafeTuneBed.Models;
using SafeTuneBed.Tests.TestDoubles;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Models;

[Collection(TorchCollection.Name)]
public sealed class ContinuationScorerTests
{
    [Theory]
    [MemberData(nameof(DecoderTests.Shapes), MemberType = typeof(DecoderTests))]
    public void Score_OfManyRequests_EqualsPlainLoops(TinyShape shape)
    {
        using var model = new TinyModel(shape);
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float64, CPU);
        var reference = new ReferenceDecoder(model);
        int[] likely = reference.Greedy([3, 4, 5], 4);
        List<(int[] Context, int[] Continuation)> requests =
        [
            ([3, 4, 5], likely),
            ([3, 4, 5], [likely[0]]),
            ([3, 4, 5], [.. likely[..2], (likely[2] + 1) % 37]),
            ([3, 4, 5], [9]),
            ([3, 4, 5], [10, 11]),
            ([3, 4], [5, 9]),                      // the same input as another one, cut elsewhere
            ([3, 4, 5, 9, 9, 9, 1], [2, 3]),
            ([8], []),
            ([8], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
        ];
        var random = new Random(3);
        requests.AddRange(Enumerable.Range(0, 80).Select(_ => (Ids(1 + random.Next(6)), Ids(random.Next(5)))));
        int[] Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(4))];

        IReadOnlyList<ContinuationScore> scores = new ContinuationScorer(decoder).Score(requests);

        for (int i = 0; i < requests.Count; i++)
        {
            (int[] context, int[] continuation) = requests[i];
            double[][] logs = reference.LogProbabilities([.. context, .. continuation]);
            double expected = continuation.Select((id, t) => logs[context.Length - 1 + t][id]).Sum();
            bool greedy = continuation.Select((id, t) => logs[context.Length - 1 + t].Max() == logs[context.Length - 1 + t][id]).All(g => g);
            Assert.Equal(expected, scores[i].LogProbability, 1e-9);
            Assert.Equal((continuation.Length, greedy), (scores[i].TokenCount, scores[i].IsGreedy));
        }

        Assert.True(scores[0].IsGreedy && !scores[2].IsGreedy);
    }

    [Theory]
    [InlineData(12, 30)]
    [InlineData(3, 4)]
    public void Score_OfQuestionsBehindTheSameExamples_EqualsPlainLoops(int questions, int examples)
    {
        var shape = new TinyShape { Seed = 9, Context = 100 };
        using var model = new TinyModel(shape);
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float64, CPU);
        var reference = new ReferenceDecoder(model);
        var random = new Random(8);
        int[] Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(37))];
        int[][] shots = [Ids(examples), Ids(examples)];
        var requests = new List<(int[] Context, int[] Continuation)>();
        for (int q = 0; q < questions; q++)
        {
            int[] context = [.. shots[q % 2], .. Ids(1 + random.Next(6))];
            int[] first = Ids(3);
            int[][] options = [first, [.. first[..2], 7], [first[0]], Ids(5), [], [.. first, 4]];
            requests.AddRange(options.Select(o => (context, o)));
        }

        IReadOnlyList<ContinuationScore> scores = new ContinuationScorer(decoder).Score(requests);

        for (int i = 0; i < requests.Count; i++)
        {
            (int[] context, int[] continuation) = requests[i];
            double[][] logs = reference.LogProbabilities([.. context, .. continuation]);
            Assert.Equal(continuation.Select((id, t) => logs[context.Length - 1 + t][id]).Sum(), scores[i].LogProbability, 1e-9);
            Assert.Equal(continuation.Select((id, t) => logs[context.Length - 1 + t].Max() == logs[context.Length - 1 + t][id]).All(g => g), scores[i].IsGreedy);
        }
    }

    [Fact]
    public void Score_RequestsThatCannotBeScored_AreRefusedByNumber()
    {
        using var model = new TinyModel(new TinyShape { Context = 8 });
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        var scorer = new ContinuationScorer(decoder);

        Assert.Contains("Request 1 has an empty context", Assert.Throws<SafeTuneBedException>(() => scorer.Score([([1], [1]), ([], [1])])).Message);
        Assert.Contains("Request 0 has 6 + 4 tokens", Assert.Throws<PromptTooLongException>(() => scorer.Score([(new int[6], new int[4])])).Message);
        Assert.Equal(4, Assert.Single(scorer.Score([(new int[5], new int[4])])).TokenCount); // the last token is not read
        Assert.Throws<ModelFormatException>(() => scorer.Score([([1], [37])]));
        Assert.Empty(scorer.Score([]));
    }

    [Fact]
    public void Score_AgainAndAgain_LeavesNoTensorBehind()
    {
        using var model = new TinyModel(new TinyShape());
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        void Run() => new ContinuationScorer(decoder).Score([([1, 2], [3]), ([4], [5, 6, 7])]);
        Run();
        long before = LiveTensors.Count();

        Run();

        Assert.Equal(before, LiveTensors.CountDropped());
    }
}
