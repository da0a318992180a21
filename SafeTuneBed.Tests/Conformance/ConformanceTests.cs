using Microsoft.Extensions.DependencyInjection;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Conformance;

/// <summary>The public battery: every registered method passes it, and seven wrong ones don't.</summary>
[Collection(TorchCollection.Name)]
public sealed class ConformanceTests
{
    public static TheoryData<string> Methods
    {
        get
        {
            using ServiceProvider services = Bed();
            return [.. services.GetRequiredService<MethodCatalog>().Names];
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Verify_RegisteredMethod_KeepsEveryPromise(string method)
    {
        using ServiceProvider services = Bed();
        ConformanceReport report = await MethodConformance.VerifyAsync(services.GetRequiredService<MethodCatalog>(), method, TestContext.Current.CancellationToken);
        TestContext.Current.TestOutputHelper?.WriteLine(report.ToString());
        report.ThrowIfFailed();
        Assert.Equal(12, report.Checks.Count);
    }

    [Fact]
    public Task Verify_TensorKeptOfEachStep_IsRejected() => Rejects<LeakingAlgorithm>(["no-tensor-left"], "tensors were left in");

    [Fact]
    public Task Verify_AnchorInAField_IsRejected() => Rejects<FieldAnchorAlgorithm>(["stops-and-resumes"], "a field of the class does not survive");

    [Fact]
    public Task Verify_GradientsWrittenDirectly_IsRejected() => Rejects<DirectGradientAlgorithm>(["gradients-by-accumulate", "accumulates"], "12 times in 12 steps");

    [Fact]
    public Task Verify_FrozenWeightTrained_IsRejected() => Rejects<ThawingAlgorithm>(["frozen-stand-still"], "model.layers.0.self_attn.q_proj.lora_B");

    [Fact]
    public Task Verify_GlobalGenerator_IsRejected() => Rejects<GlobalNoiseAlgorithm>(["own-randomness", "repeats", "stops-and-resumes", "accumulates"], "torch.rand");

    [Fact]
    public Task Verify_WindowWeighedTwice_IsRejected() => Rejects<TwiceWeighedAlgorithm>(["accumulates"], "don't divide by the window's size");

    [Fact]
    public Task Verify_RowsDrawnByAnInstance_IsRejected() => Rejects<FickleRowsAlgorithm>(["rows"], "two instances make other rows (row 0 is the first)");

    [Fact]
    public async Task Verify_DefensesOfEveryOtherHook_KeepEveryPromise()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        ConformanceReport[] reports =
        [
            await MethodConformance.VerifyAsync<FeatureAnchorAlgorithm>(token),
            await MethodConformance.VerifyAsync<ProbedLayersAlgorithm>(token),
            await MethodConformance.VerifyAsync<DeepAlignmentAlgorithm, DeepAlignmentOptions>(cancellationToken: token),
        ];
        Assert.All(reports, r => r.ThrowIfFailed());
        Assert.Equal(ConformanceOutcome.NotApplicable, reports[0]["rows"].Outcome);
        Assert.Equal(ConformanceOutcome.Passed, reports[2]["rows"].Outcome);
    }

    // Exactly these checks fail: a battery that rejects everything finds nothing.
    private static async Task Rejects<TMethod>(string[] failing, string text)
        where TMethod : MethodAlgorithm, new()
    {
        ConformanceReport report = await MethodConformance.VerifyAsync<TMethod>(TestContext.Current.CancellationToken);
        TestContext.Current.TestOutputHelper?.WriteLine(report.ToString());
        Assert.Equal(failing.Order(), report.Checks.Where(c => c.Outcome == ConformanceOutcome.Failed).Select(c => c.Name).Order());
        string message = Assert.Throws<MethodConformanceException>(report.ThrowIfFailed).Message;
        Assert.Contains(typeof(TMethod).Name, message, StringComparison.Ordinal);
        Assert.Contains(text, message, StringComparison.Ordinal);
    }

    private static ServiceProvider Bed()
    {
        var services = new ServiceCollection();
        services.AddSafeTuneBed().AddMethods();
        return services.BuildServiceProvider();
    }
}
