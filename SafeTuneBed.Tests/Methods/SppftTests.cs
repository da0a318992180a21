using System.ComponentModel.DataAnnotations;
using SafeTuneBed.Methods.Lora;
using SafeTuneBed.Methods.Sppft;
using SafeTuneBed.Tests.Core.Training;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Methods;

[Collection(TorchCollection.Name)]
public sealed class SppftTests : IDisposable
{
    private readonly LoopBed bed = new(); // three blocks

    public void Dispose() => bed.Dispose();

    [Theory]
    [InlineData(null, null, 32, 5, 14)] // the paper's
    [InlineData(null, null, 16, 3, 7)]
    [InlineData(null, null, 28, 4, 12)]
    [InlineData(null, null, 4, 1, 1)]
    [InlineData(null, null, 3, 0, 0)]
    [InlineData(9, null, 32, 9, 14)]
    [InlineData(20, null, 32, 20, 20)]
    [InlineData(null, 3, 32, 3, 3)]
    [InlineData(1, 2, 3, 1, 2)]
    public void Frozen_OfAModel_LiesAsDeepAsThePapers(int? first, int? last, int layers, int expectedFirst, int expectedLast) =>
        Assert.Equal((expectedFirst, expectedLast), new SppftOptions { FirstFrozen = first, LastFrozen = last }.Frozen(layers));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(0, 1)]
    public void Sppft_FrozenBlocks_StandStillAndTheOthersHaveTheirOwnGradient(int first, int last)
    {
        var trained = new Dictionary<string, float[]>();
        float[] start = [], end = [], plain = [], got = [];
        string[] names = [];
        bed.Watch(new WatchedHooks(new LoraAlgorithm()) { Started = MethodAssertions.Disturb, Ready = step => plain = step.OptimizerStep > 0 ? plain : Of(step.Parameters, p => p.grad!) }, bed.Context(LoopBed.Config(3)));
        bed.Watch(
            new WatchedHooks(new SppftAlgorithm { Options = { FirstFrozen = first, LastFrozen = last } })
            {
                Started = context =>
                {
                    MethodAssertions.Disturb(context);
                    start = Of(context.Parameters, p => p, inside: true);
                    names = [.. context.Parameters.Names.Where(context.Parameters.IsFrozen)];
                },
                Ready = step => got = step.OptimizerStep > 0 ? got : Of(step.Parameters, p => p.grad!),
                Stepped = step => end = Of(step.Parameters, p => p, inside: true),
            },
            bed.Context(LoopBed.Config(3)));
        Assert.Equal((last - first + 1) * 6, names.Length); // two factors of three layers
        Assert.Equal(start, end);
        Assert.NotEmpty(start);
        Assert.Equal(plain, got);
        Assert.True(got.Max(Math.Abs) > 1e-3);

        float[] Of(ParameterSet parameters, Func<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor> part, bool inside = false) =>
            [.. parameters.Infos.Where(i => (i.Layer >= first && i.Layer <= last) == inside).SelectMany(i => part(parameters[i.Name]).detach().contiguous().data<float>().ToArray())];
    }

    [Fact]
    public void Sppft_BlocksThatTheModelLacksOrNothingLeft_SaySo()
    {
        string Fault(int first, int last) => Assert.Throws<ConfigurationException>(() =>
            bed.Train(new SppftAlgorithm { Options = { FirstFrozen = first, LastFrozen = last } }, bed.Context(LoopBed.Config(1)))).Message;
        Assert.Contains("blocks 0 to 2; LastFrozen is 7", Fault(1, 7), StringComparison.Ordinal);
        Assert.Contains("frozen blocks 0 to 2", Fault(0, 2), StringComparison.Ordinal);
        Assert.Single(new SppftOptions { FirstFrozen = 3, LastFrozen = 2 }.Validate(new ValidationContext(this)));
    }

    [Fact]
    public void Sppft_FourMicroBatchesOfOneRow_EqualOneBatchOfFour() => bed.AssertFourTimesOneIsOnceFour(() => new SppftAlgorithm());

    [Fact]
    public void Sppft_StoppedAndGoneOn_EqualsTheUninterruptedRunToTheBit() =>
        Assert.Equal(bed.Train(new SppftAlgorithm(), bed.Context(LoopBed.Config(9))), bed.TrainInTwoParts(() => new SppftAlgorithm(), LoopBed.Config(9), 4));
}
