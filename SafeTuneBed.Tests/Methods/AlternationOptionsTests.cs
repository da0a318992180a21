using SafeTuneBed.Methods.GuideMix;
using SafeTuneBed.Methods.Lisa;

namespace SafeTuneBed.Tests.Methods;

public sealed class AlternationOptionsTests
{
    [Theory]
    [InlineData(1000, null, null, 100, 900)] // the paper's rows and batches, and its K1 and K2
    [InlineData(100, null, null, 10, 90)]
    [InlineData(1000, 75, null, 75, 675)]
    [InlineData(1000, null, 50, 100, 50)]
    [InlineData(1000, 20, 30, 20, 30)]
    [InlineData(1000, 0, null, 0, 1)]
    [InlineData(1000, null, 0, 100, 0)]
    [InlineData(1, null, null, 1, 1)]
    [InlineData(4, null, null, 1, 3)]
    public void Cycle_OfAnEpoch_IsWhatIsSetOrTheRest(int epoch, int? alignment, int? fineTuning, int k1, int k2) =>
        Assert.Equal((k1, k2), new LisaOptions { AlignmentSteps = alignment, FineTuningSteps = fineTuning }.Cycle(epoch));

    [Theory]
    [InlineData(-1, null, 1.0, "AlignmentSteps")]
    [InlineData(null, -1, 1.0, "FineTuningSteps")]
    [InlineData(null, null, -0.3, "Rho")]
    [InlineData(null, null, double.NaN, "Rho")]
    [InlineData(null, null, double.PositiveInfinity, "Rho")]
    [InlineData(0, 0, 1.0, "both 0")]
    public void AddLisa_OptionsOutOfRange_AreRefusedAtOnce(int? alignment, int? fineTuning, double rho, string named)
    {
        var fault = Assert.Throws<ConfigurationException>(() => ExperimentRunner.Create(bed => bed.AddMethods().AddLisa(o => (o.AlignmentSteps, o.FineTuningSteps, o.Rho) = (alignment, fineTuning, rho))));
        Assert.Contains(named, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Needs_StreamOfTheDefender_UnlessNoStepLearnsFromIt()
    {
        Assert.Equal(["align"], new LisaAlgorithm().Needs.Streams);
        Assert.Equal(["align"], new GuideMixAlgorithm().Needs.Streams);
        Assert.Empty(new LisaAlgorithm { Options = new LisaOptions { AlignmentSteps = 0 } }.Needs.Streams);
        Assert.Empty(new GuideMixAlgorithm { Options = new GuideMixOptions { AlignmentSteps = 0 } }.Needs.Streams);
    }

    [Fact]
    public async Task AddMethods_Options_HaveThePapersValuesAndTheirOrigins()
    {
        await using var runner = ExperimentRunner.Create(bed => bed.AddMethods().AddLisa(o => o.KeepUserBatches = true));
        FinetuneExperimentConfig experiment = runner.Methods.GetExperiment("lisa", "sst2-high");
        var options = Assert.IsType<LisaOptions>(experiment.Options);
        Assert.Equal((1.0, 100, 900, true, false), (options.Rho, options.AlignmentSteps, options.FineTuningSteps, options.KeepUserBatches, options.ReferenceCompatible));
        Assert.Equal(("default", "builder"), (experiment.Origins["Methods:lisa:Rho"], experiment.Origins["Methods:lisa:KeepUserBatches"]));
        Assert.Equal(0.3, Assert.IsType<LisaOptions>(runner.Methods.GetExperiment("lisa", "sandbox-topic-low").Options).Rho);
        Assert.Contains("guide-mix", runner.Methods.Names);
    }
}
