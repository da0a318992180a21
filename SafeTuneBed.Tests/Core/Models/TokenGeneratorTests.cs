using SafeTuneBed.Models;
using SafeTuneBed.Tests.TestDoubles;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Models;

[Collection(TorchCollection.Name)]
public sealed class TokenGeneratorTests
{
    private static readonly TinyShape Shape = new() { Seed = 21, Context = 200 };

    private static int[][] Prompts(int count)
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, 1 + random.Next(17)).Select(_ => random.Next(Shape.Vocabulary)).ToArray())];
    }

    [Theory]
    [MemberData(nameof(DecoderTests.Shapes), MemberType = typeof(DecoderTests))]
    public void Generate_Greedy_EqualsPlainLoopsThatRecomputeEverything(TinyShape shape)
    {
        using var model = new TinyModel(shape);
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float64, CPU);
        var reference = new ReferenceDecoder(model);
        int[][] prompts = [[3], [5, 6, 7, 8, 9, 10, 11], [1, 2]];

        IReadOnlyList<GeneratedIds> answers = new TokenGenerator(decoder).Generate(prompts, new GenerationOptions { MaxNewTokens = 12 }, []);

        Assert.Equal(prompts.Select(p => reference.Greedy(p, 12)), answers.Select(a => a.TokenIds));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.9)]
    public void Generate_AnyBatchSize_GivesTheSameIds(double temperature)
    {
        using var model = new TinyModel(Shape);
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        int[][] prompts = Prompts(19);
        int[] stops = [30];   // rows end at different steps, so that they leave their batches
        IReadOnlyList<GeneratedIds> Run(int batch) => new TokenGenerator(decoder).Generate(
            prompts, new GenerationOptions { MaxNewTokens = 90, BatchSize = batch, Temperature = temperature, TopK = 20, TopP = 0.95, Seed = 3 }, stops);

        IReadOnlyList<GeneratedIds> alone = Run(1);

        Assert.True(alone.Select(a => a.TokenIds.Count).Distinct().Count() > 5);
        Assert.Contains(alone, a => a.TokenIds.Count > 70);   // the cache grows on the way
        foreach (int batch in new[] { 3, 8, 32 })
        {
            IReadOnlyList<GeneratedIds> together = Run(batch);
            Assert.Equal(alone.Select(a => a.TokenIds), together.Select(a => a.TokenIds));
            Assert.Equal(alone.Select(a => a.FinishReason), together.Select(a => a.FinishReason));
        }
    }

    [Fact]
    public void Generate_UntilStopIdLimitOrFullContext_SaysWhy()
    {
        var shape = new TinyShape { Seed = 22, Context = 16 };
        using var model = new TinyModel(shape);
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float64, CPU);
        int[] prompt = [7, 8, 9, 10];
        int[] greedy = new ReferenceDecoder(model).Greedy(prompt, 12);
        var generator = new TokenGenerator(decoder);
        GeneratedIds Run(int limit, params int[] stops) => generator.Generate([prompt], new GenerationOptions { MaxNewTokens = limit }, stops)[0];

        GeneratedIds byLimit = Run(5), byStop = Run(12, greedy[0]), byContext = Run(1000);

        Assert.Equal((FinishReason.Length, 5), (byLimit.FinishReason, byLimit.TokenIds.Count));
        Assert.Equal((FinishReason.Stop, greedy[0]), (byStop.FinishReason, byStop.TokenIds.Single()));
        Assert.Equal(FinishReason.ContextFull, byContext.FinishReason);
        Assert.Equal(greedy, byContext.TokenIds);
        Assert.Equal(FinishReason.Length, Run(12).FinishReason);
    }

    [Fact]
    public void Generate_ShortPromptBesideALongOne_StillFillsItsOwnContext()
    {
        using var model = new TinyModel(new TinyShape { Seed = 23, Context = 40 });
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float64, CPU);
        int[] longest = [.. Enumerable.Range(0, 38).Select(i => i % 37)];

        IReadOnlyList<GeneratedIds> answers = new TokenGenerator(decoder).Generate([[1], longest], new GenerationOptions { MaxNewTokens = 1000 }, []);

        Assert.Equal(new ReferenceDecoder(model).Greedy([1], 39), answers[0].TokenIds);
        Assert.Equal(2, answers[1].TokenIds.Count);
        Assert.All(answers, a => Assert.Equal(FinishReason.ContextFull, a.FinishReason));
    }

    [Fact]
    public void Generate_PromptEmptyOrTooLong_IsAnErrorOfThatRowAlone()
    {
        using var model = new TinyModel(new TinyShape { Context = 16 });
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);

        IReadOnlyList<GeneratedIds> answers = new TokenGenerator(decoder).Generate([[], [1, 2], new int[16]], new GenerationOptions { MaxNewTokens = 2 }, []);

        Assert.Equal([FinishReason.Error, FinishReason.Length, FinishReason.Error], answers.Select(a => a.FinishReason));
        Assert.Equal([0, 2, 0], answers.Select(a => a.TokenIds.Count));
    }

    [Theory]
    [InlineData(0, float.NaN)]
    [InlineData(0, float.PositiveInfinity)]
    [InlineData(1, float.NaN)]
    public void Generate_LogitsNotFinite_IsAnErrorOfThatRowAlone(double temperature, float poison)
    {
        using var model = new TinyModel(Shape);
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        var options = new GenerationOptions { MaxNewTokens = 6, Temperature = temperature };
        int[][] prompts = [[1, 2, 3], [5, 4], [6], [7, 8, 9, 10]];
        IReadOnlyList<GeneratedIds> healthy = new TokenGenerator(decoder).Generate(prompts, options, []);
        int poisoned = Enumerable.Range(11, 26).First(id => !healthy.Any(a => a.TokenIds.Contains(id)));

        decoder.Weights["model.embed_tokens.weight"][poisoned].fill_(poison);
        IReadOnlyList<GeneratedIds> answers = new TokenGenerator(decoder).Generate([prompts[0], [5, poisoned, 4], .. prompts[2..]], options, []);

        Assert.Equal(FinishReason.Error, answers[1].FinishReason);
        Assert.Empty(answers[1].TokenIds);
        foreach (int i in new[] { 0, 2, 3 })
        {
            Assert.Equal(healthy[i].TokenIds, answers[i].TokenIds);
            Assert.Equal(FinishReason.Length, answers[i].FinishReason);
        }
    }

    [Fact]
    public void Generate_Completed_HearsEachIndexOnceWithItsAnswer()
    {
        using var model = new TinyModel(Shape);
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        var heard = new Dictionary<int, GeneratedIds>();

        IReadOnlyList<GeneratedIds> answers = new TokenGenerator(decoder).Generate(
            [.. Prompts(9), []], new GenerationOptions { MaxNewTokens = 7, BatchSize = 4 }, [4], (i, answer) => heard.Add(i, answer));

        Assert.Equal(answers, heard.OrderBy(h => h.Key).Select(h => h.Value));
        Assert.Equal(10, heard.Count);
    }

    [Fact]
    public void Generate_Cancelled_StopsBeforeTheNextToken()
    {
        using var model = new TinyModel(Shape);
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        using var source = new CancellationTokenSource();
        int asked = 0;
        bool Ends(IReadOnlyList<int> ids)
        {
            if (++asked == 3)
            {
                source.Cancel();
            }

            return false;
        }

        Assert.ThrowsAny<OperationCanceledException>(() => new TokenGenerator(decoder).Generate([[1]], new GenerationOptions(), [], null, source.Token, Ends));
        Assert.Equal(3, asked);
    }

    [Fact]
    public void Generate_EndsByThePredicate_IsAStop()
    {
        using var model = new TinyModel(Shape);
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);

        GeneratedIds answer = new TokenGenerator(decoder).Generate([[1]], new GenerationOptions { MaxNewTokens = 9 }, [], ends: ids => ids.Count == 4)[0];

        Assert.Equal((FinishReason.Stop, 4), (answer.FinishReason, answer.TokenIds.Count));
    }

    [Fact]
    public void Generate_UnknownIds_AreRefusedBeforeAnythingRuns()
    {
        using var model = new TinyModel(Shape);
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        foreach (int id in new[] { -1, Shape.Vocabulary })
        {
            Assert.Contains($"Token id {id}", Assert.Throws<ModelFormatException>(() => new TokenGenerator(decoder).Generate([[1], [id]], new GenerationOptions(), [])).Message);
        }
    }

    [Fact]
    public void Generate_OptionsOutOfRange_AreToldAtOnce()
    {
        using var model = new TinyModel(Shape);
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        var options = new GenerationOptions { MaxNewTokens = 0, Temperature = double.NaN, TopP = 0, TopK = -1, BatchSize = 0, StopStrings = [""] };

        string message = Assert.Throws<ConfigurationException>(() => new TokenGenerator(decoder).Generate([[1]], options, [])).Message;

        Assert.All(["MaxNewTokens is 0", "Temperature is NaN", "TopP is 0", "TopK is -1", "BatchSize is 0", "StopStrings"], part => Assert.Contains(part, message));
    }

    [Fact]
    public void Generate_AgainAndAgain_LeavesNoTensorBehind()
    {
        using var model = new TinyModel(Shape);
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        void Run() => new TokenGenerator(decoder).Generate(Prompts(7), new GenerationOptions { MaxNewTokens = 80, BatchSize = 3, Temperature = 0.5 }, [4]);
        Run();
        long before = LiveTensors.Count();

        Run();
        Run();

        Assert.Equal(before, LiveTensors.CountDropped());
    }

    [Fact]
    public void Generate_BeforeTraining_LeavesTheDecoderTrainable()
    {
        // What generation caches is made in inference mode or not: nothing of it may break a graph afterwards.
        using var model = new TinyModel(Shape);
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        new TokenGenerator(decoder).Generate([[1, 2]], new GenerationOptions { MaxNewTokens = 4 }, []);
        using var scope = NewDisposeScope();
        Tensor weight = decoder.Weights["model.layers.0.self_attn.q_proj.weight"].requires_grad_(true);

        decoder.Hidden(DecoderTests.Row([1, 2, 3])).sum().backward();

        Assert.True(weight.grad!.abs().sum().item<float>() > 0);
    }
}
