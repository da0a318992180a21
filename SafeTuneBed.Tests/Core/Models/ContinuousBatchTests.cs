using SafeTuneBed.Models;
using SafeTuneBed.Tests.TestDoubles;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Models;

/// <summary>Whatever is decoded beside it, and whatever it shares with others, an answer is that of plain loops which recompute everything for each token.</summary>
[Collection(TorchCollection.Name)]
public sealed class ContinuousBatchTests
{
    private static readonly TinyShape Shape = new() { Seed = 41, Context = 120 };

    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 0)]
    [InlineData(8, 0)]
    [InlineData(3, 40)]
    [InlineData(32, 40)]
    public void Generate_MorePromptsThanPlaces_EqualsPlainLoops(int places, int shared)
    {
        using var model = new TinyModel(Shape);
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float64, CPU);
        var reference = new ReferenceDecoder(model);
        int[][] prompts = Prompts(14, shared, 1);
        int[] stops = [30, 4, 11, 19, 25];

        IReadOnlyList<GeneratedIds> answers = new TokenGenerator(decoder).Generate(prompts, new GenerationOptions { MaxNewTokens = 14, BatchSize = places }, stops);

        for (int i = 0; i < prompts.Length; i++)
        {
            int[] greedy = reference.Greedy(prompts[i], 14);
            int stop = Array.FindIndex(greedy, stops.Contains);
            Assert.Equal(stop < 0 ? greedy : greedy[..(stop + 1)], answers[i].TokenIds);
            Assert.Equal(stop < 0 ? FinishReason.Length : FinishReason.Stop, answers[i].FinishReason);
        }

        Assert.True(answers.Select(a => a.TokenIds.Count).Distinct().Count() > 2);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1.3)]
    public void Generate_AnySubsetInAnyOrderAndBatch_GivesEachPromptTheSameIds(double temperature)
    {
        using var model = new TinyModel(Shape);
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float64, CPU);
        int[][] prompts = [.. Prompts(10, 30, 2), .. Prompts(6, 0, 3)];
        var random = new Random(7);
        var options = new GenerationOptions { MaxNewTokens = 25, Temperature = temperature, TopK = 12, TopP = 0.97, RepetitionPenalty = 1.2, Seed = 5 };
        GeneratedIds[] alone = [.. prompts.Select((p, i) => new TokenGenerator(decoder).Generate([p], options with { StreamIds = [(ulong)(100 + i)] }, [30])[0])];

        for (int round = 0; round < 12; round++)
        {
            int[] subset = [.. Enumerable.Range(0, prompts.Length).OrderBy(_ => random.Next()).Take(1 + random.Next(prompts.Length))];
            GenerationOptions batched = options with { BatchSize = 1 + random.Next(9), StreamIds = [.. subset.Select(i => (ulong)(100 + i))] };

            IReadOnlyList<GeneratedIds> answers = new TokenGenerator(decoder).Generate([.. subset.Select(i => prompts[i])], batched, [30]);

            Assert.Equal(subset.Select(i => string.Join(" ", alone[i].TokenIds)), answers.Select(a => string.Join(" ", a.TokenIds)));
        }
    }

    [Fact]
    public void Generate_WithRepetitionPenalty_EqualsTheFormulaOverPlainLoops()
    {
        using var model = new TinyModel(Shape);
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float64, CPU);
        var reference = new ReferenceDecoder(model);
        int[] prompt = [3, 9, 3, 17];
        List<int> ids = [.. prompt];
        for (int step = 0; step < 15; step++)
        {
            double[] logits = reference.Logits([.. ids])[^1];
            foreach (int id in ids.Distinct())
            {
                logits[id] = logits[id] > 0 ? logits[id] / 1.7 : logits[id] * 1.7;
            }

            ids.Add(Array.IndexOf(logits, logits.Max()));
        }

        GeneratedIds answer = new TokenGenerator(decoder).Generate([prompt], new GenerationOptions { MaxNewTokens = 15, RepetitionPenalty = 1.7 }, [])[0];

        Assert.Equal(ids.Skip(4), answer.TokenIds);
        Assert.NotEqual(reference.Greedy(prompt, 15), answer.TokenIds);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Generate_PlaceOfAPoisonedRow_IsCleanForTheNextOne(float poison)
    {
        using var model = new TinyModel(Shape);
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        var options = new GenerationOptions { MaxNewTokens = 6, BatchSize = 2 };
        int[][] healthy = [[1, 2, 3, 4, 5, 6, 7], [7, 8], [3], [4, 4, 4]];
        IReadOnlyList<GeneratedIds> expected = new TokenGenerator(decoder).Generate(healthy, options, []);
        int poisoned = Enumerable.Range(9, 28).First(id => !expected.Any(a => a.TokenIds.Contains(id)));

        decoder.Weights["model.embed_tokens.weight"][poisoned].fill_(poison);
        IReadOnlyList<GeneratedIds> answers = new TokenGenerator(decoder).Generate(
            [[1, poisoned, 1, 1, 1, 1, 1, 1, 1, 1], .. healthy, [2, 2, poisoned, 2, 2, 2], [poisoned]], options, []);

        Assert.Equal(expected.Select(a => a.TokenIds), answers.Skip(1).Take(4).Select(a => a.TokenIds));
        Assert.All([answers[0], answers[5], answers[6]], a => Assert.Equal((FinishReason.Error, 0), (a.FinishReason, a.TokenIds.Count)));
    }

    [Fact]
    public void Extend_BehindASharedPrefix_GivesTheHiddenStatesOfTheWholeRow()
    {
        using var model = new TinyModel(Shape);
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        int[] ids = Prompts(1, 50, 4)[0];
        Tensor whole_TD = decoder.Hidden(DecoderTests.Row(ids))[0];
        foreach (int cut in new[] { 1, 20, ids.Length - 1 })
        {
            using SharedPrefix prefix = SharedPrefix.Compute(decoder, ids.AsSpan(0, cut));
            Tensor rest_TD = decoder.Extend(DecoderTests.Row(ids[cut..]), null, ids.Length, SharedPrefix.CausalMask(decoder, ids.Length - cut, cut), prefix)[0];

            Assert.True((rest_TD - whole_TD.narrow(0, cut, ids.Length - cut)).abs().max().item<float>() < 2e-5f);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.8)]
    public void Generate_LongAnswers_HoldsNoMoreTensorsAtTheEndThanAtTheBeginning(double temperature)
    {
        using var model = new TinyModel(new TinyShape { Seed = 42, Context = 2000 });
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        var counts = new List<long>();
        void Note(int index, IReadOnlyList<int> ids)
        {
            if (index == 0 && ids.Count is 5 or 100 or 900)
            {
                counts.Add(Tensor.TotalCount);
            }
        }

        LiveTensors.Count();   // what other tests dropped is gone
        new TokenGenerator(decoder).Generate([[1, 2], [3]], new GenerationOptions { MaxNewTokens = 901, Temperature = temperature }, [], advanced: Note);

        Assert.Equal(3, counts.Count);
        Assert.Single(counts.Distinct());
    }

    private static int[][] Prompts(int count, int shared, int seed)
    {
        var random = new Random(seed);
        int[] common = [.. Enumerable.Range(0, shared).Select(_ => random.Next(Shape.Vocabulary))];
        return [.. Enumerable.Range(0, count).Select(_ => common.Concat(Enumerable.Range(0, 1 + random.Next(17)).Select(_ => random.Next(Shape.Vocabulary))).ToArray())];
    }
}
