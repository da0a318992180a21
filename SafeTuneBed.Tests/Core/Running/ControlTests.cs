using System.ComponentModel.DataAnnotations;

namespace SafeTuneBed.Tests.Core.Running;

/// <summary>A method's control: that it is there, and that it was given what the method was.</summary>
public sealed class ControlTests : IDisposable
{
    private readonly FakeBed bed = new();

    public void Dispose() => bed.Dispose();

    [Fact]
    public void Runner_ControlThatIsNotRegistered_IsRefusedWithTheNearest()
    {
        string message = Assert.Throws<ConfigurationException>(() => bed.Runner(b => b.AddMethod<Guarded, GuardedOptions>("guarded").AddMethod<Plain, PlainOptions>("guarded-plane"))).Message;
        Assert.Contains("The method 'guarded' names the control 'guarded-plain', which is not registered. Did you mean 'guarded-plane'?", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Runner_ControlOfAnotherStage_IsRefused()
    {
        string message = Assert.Throws<ConfigurationException>(() => bed.Runner(b => b.AddMethod<Guarded, GuardedOptions>("guarded").AddMethod<Late>("guarded-plain"))).Message;
        Assert.Contains("acts at the stage PostFineTuning and so can't stand in its place at the stage Alignment", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_ControlWithTheSameSharedSettings_HasNoWarning()
    {
        await using ExperimentRunner runner = Runner(_ => { });
        GridPlan plan = await runner.PlanAsync(Grid());
        Assert.All(plan.Cells, c => Assert.DoesNotContain(c.Warnings, w => w.Contains("its control", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Run_ControlThatWasGivenOtherSharedSettings_IsWarnedOfOnTheRowOfTheMethod()
    {
        await using ExperimentRunner runner = Runner(o => (o.Rows, o.Budget, o.Training.LearningRate, o.Lora.Rank, o.Training.GradientCheckpointing) = (5, 4, 0.5, 3, true));
        ExperimentGrid grid = Grid() with { Overlays = [new ExperimentOverlay("guarded") { Options = new Dictionary<string, object?> { ["Own"] = 9.0 } }] };
        GridReport report = await runner.RunAsync(grid);
        string warning = Assert.Single(report.Rows[0].Warnings, w => w.Contains("its control", StringComparison.Ordinal));
        Assert.StartsWith("its control 'guarded-plain+lora' was given other settings that the two share: ", warning, StringComparison.Ordinal);

        // These and nothing else: not what only the method has, not what changes no number.
        Assert.Equal(
            ["guarded:Budget 7 and 4", "guarded:Lora:Rank 8 and 3", "guarded:Rows none and 5", "guarded:Training:LearningRate 0.001 and 0.5"],
            warning[(warning.IndexOf("share: ", StringComparison.Ordinal) + 7)..warning.IndexOf(". What", StringComparison.Ordinal)].Split("; ").Order(StringComparer.Ordinal));
        Assert.DoesNotContain(report.Rows[1].Warnings, w => w.Contains("its control", StringComparison.Ordinal));
    }

    private static ExperimentGrid Grid() => FakeBed.Grid("guarded", "guarded-plain") with { Seeds = [0, 1], Datasets = ["task-high"], Baseline = null };

    private ExperimentRunner Runner(Action<PlainOptions> plain) => bed.Runner(b => b.AddMethod<Guarded, GuardedOptions>("guarded").AddMethod<Plain, PlainOptions>("guarded-plain", plain));

    public abstract class SharedOptions : AlignmentOptions
    {
        protected SharedOptions() => Training.LearningRate = 0.001;

        [Range(0, 100)] public int Budget { get; set; } = 7;
    }

    public sealed class GuardedOptions : SharedOptions
    {
        public double Own { get; set; } = 1;
    }

    public sealed class PlainOptions : SharedOptions
    {
        public double Other { get; set; } = 2;
    }

    private sealed class Guarded : MethodAlgorithm<GuardedOptions>
    {
        public override MethodStage Stage => MethodStage.Alignment;

        public override string Control => "guarded-plain";
    }

    private sealed class Plain : MethodAlgorithm<PlainOptions>
    {
        public override MethodStage Stage => MethodStage.Alignment;
    }

    private sealed class Late : MethodAlgorithm
    {
        public override MethodStage Stage => MethodStage.PostFineTuning;
    }
}
