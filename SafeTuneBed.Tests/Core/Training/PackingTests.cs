using SafeTuneBed.Models;
using SafeTuneBed.Tests.Core.Models;
using SafeTuneBed.Tests.Core.Models.Families;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Training;

/// <summary>Rows packed into one line against each row alone, and against padded batches.</summary>
[Collection(TorchCollection.Name)]
public sealed class PackingTests
{
    [Theory]
    [MemberData(nameof(FamilySpecs.Names), MemberType = typeof(FamilySpecs))]
    public void Hidden_PackedRowsOfAnyFamily_EqualEachRowAlone(string name)
    {
        using var model = new FamilyModel(FamilySpecs.Get(name));
        using var scope = NewDisposeScope();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float64, CPU);
        var random = new Random(11);
        for (int trial = 0; trial < 4; trial++)
        {
            // Shorter and longer than the windows; where the longest decides how positions turn, all lie on one side, as padded rows of one batch do.
            int most = decoder.Options.Rope.SwitchLength is { } length && trial % 2 == 0 ? length : 23, least = decoder.Options.Rope.SwitchLength is { } bound && most > bound ? bound + 1 : 1;
            int[][] rows = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => model.RandomIds(random.Next(least, most + 1)))];

            Tensor packed = decoder.Hidden(DecoderTests.Row([.. rows.SelectMany(r => r)]), rows: [.. rows.Select(r => r.Length)]);

            Tensor alone = cat([.. rows.Select(r => decoder.Hidden(DecoderTests.Row(r)))], 1);
            Assert.True(packed.sub(alone).abs().max().item<double>() < 1e-10, $"trial {trial}");
        }
    }

    [Theory]
    [MemberData(nameof(FamilySpecs.Names), MemberType = typeof(FamilySpecs))]
    public void Gradients_OfPackedRowsOfAnyFamily_EqualThoseOfPaddedRows(string name)
    {
        using var model = new FamilyModel(FamilySpecs.Get(name));
        using var scope = NewDisposeScope();
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float64, CPU);
        TokenizedExample[] rows = [.. new[] { 13, 2, 9, 23, 5 }.Select((n, i) => new TokenizedExample { RowId = i, InputIds = model.RandomIds(n), PromptTokenCount = 1 + (i % 2) })];
        Tensor[] weights = [.. decoder.Weights.Values];

        double[][] padded = Gradients(packed: false), together = Gradients(packed: true);

        for (int w = 0; w < weights.Length; w++)
        {
            Assert.Equal(padded[w], together[w], (a, b) => Math.Abs(a - b) < 1e-9);
        }

        double[][] Gradients(bool packed)
        {
            using TokenBatch batch = BatchCollator.Collate(rows, CPU, packed);
            Array.ForEach(weights, w => w.requires_grad_(true));
            Tensor hidden_BTD = decoder.Hidden(batch.InputIds, rows: batch.IsPacked ? batch.Lengths : null);
            Tensor at_ND = hidden_BTD.view(-1, decoder.Options.HiddenSize).index_select(0, batch.LossPositions);
            nn.functional.cross_entropy(decoder.Head(at_ND), batch.Targets).backward();
            double[][] gradients = [.. weights.Select(w => w.grad!.data<double>().ToArray())];
            Array.ForEach(weights, w => w.grad = null);
            return gradients;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Run_Packed_HasTheLossesOfPaddedBatches(int accumulation)
    {
        using var bed = new LoopBed();
        TrainingConfig config = LoopBed.Config(10) with { AccumulationSteps = accumulation };
        List<TrainingProgress> padded = Train(config), packed = Train(config with { Packing = true });
        Assert.Equal(padded.Select(p => p.SupervisedTokens), packed.Select(p => p.SupervisedTokens));
        Assert.Equal(padded.Select(p => p.Loss), packed.Select(p => p.Loss), (a, b) => Math.Abs(a - b) < 2e-5);
        Assert.Equal(padded[0].GradientNorm, packed[0].GradientNorm, 1e-5);

        List<TrainingProgress> Train(TrainingConfig way)
        {
            var seen = new LoopBed.Collector();
            bed.Train(new ScriptedMethod(), bed.Context(way, dropout: 0, progress: seen));
            return seen.Seen;
        }
    }

    [Fact]
    public void Run_PackedWithDropout_RepeatsToTheBitAndKeepsTheNumberOfTensorsFlat()
    {
        using var bed = new LoopBed();
        TrainingConfig config = LoopBed.Config(20) with { Packing = true, GradientCheckpointing = true };
        var counts = new List<long>();
        float[] first = bed.Train(new ScriptedMethod { Stepped = _ => counts.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount) }, bed.Context(config));
        Assert.Equal(first, bed.Train(new ScriptedMethod(), bed.Context(config)));
        Assert.Equal(counts[5], counts[^1]);
    }
}
