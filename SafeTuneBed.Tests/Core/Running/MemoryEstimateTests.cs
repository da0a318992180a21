using SafeTuneBed.Models;
using SafeTuneBed.Models.Families;
using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.Core.Running;

/// <summary>The plan's memory estimate against counts made by hand, and what must not change it.</summary>
public sealed class MemoryEstimateTests
{
    [Fact]
    public async Task Plan_Sandbox_CountsWeightsAdaptersAndMoments()
    {
        await using ExperimentRunner runner = ExperimentRunner.Create(bed => bed.AddMethods().AddEvaluators().UseRunFolder(Path.Combine(Path.GetTempPath(), "safetunebed-none-such")));
        ExperimentGrid grid = new("memory")
        {
            Models = [ModelReference.Sandbox with { DataType = DataType.Float32 }],
            Methods = ["none", "lora"],
            Datasets = [FinetuneDatasets.Sandbox.Sentiment.Benign],
            Evaluators = ["sandbox-judge"],
            Seeds = [0],
        };
        GridPlan plan = await runner.PlanAsync(grid, TestContext.Current.CancellationToken);
        MemoryEstimate none = plan.Cells[0].Memory!, lora = plan.Cells[1].Memory!;
        DecoderOptions o = ModelFamilies.Describe(ModelFolder.Of(ModelReference.Sandbox, new BedSettings()));

        // Llama with a tied head: embedding, 2 norms a block, q k v o, gate up down, the last norm.
        long block = (2L * o.HiddenSize) + (2L * o.HiddenSize * o.HeadCount * o.HeadSize) + (2L * o.HiddenSize * o.KeyValueHeadCount * o.HeadSize) + (3L * o.HiddenSize * o.IntermediateSize);
        Assert.Equal(4 * (((long)o.VocabularySize * o.HiddenSize) + (o.LayerCount * block) + o.HiddenSize), none.Weights);

        // Rank 8 on q and v; value, gradient and two moments of 4 bytes.
        Assert.Equal(16L * o.LayerCount * 8 * (o.HiddenSize + (o.HeadCount * o.HeadSize) + o.HiddenSize + (o.KeyValueHeadCount * o.HeadSize)), lora.Adapters);
        Assert.Equal((0, 0), (none.Adapters, none.Activations));
        Assert.True(none.Total < lora.Total);
        Assert.Equal(lora.Process + lora.Weights + Math.Max(lora.Adapters + lora.Activations, lora.Generation), lora.Total);
        Assert.Contains("Memory of the largest cell (sandbox, lora, sandbox-sentiment-benign), estimated:", plan.ToString(), StringComparison.Ordinal);

        // Blocks that are computed again keep their inputs alone: rows of no more than the longest, ten a batch.
        MemoryEstimate again = (await runner.PlanAsync(grid with { Training = new TrainingOptions { GradientCheckpointing = true } }, TestContext.Current.CancellationToken)).Cells[1].Memory!;
        Assert.InRange((double)again.Activations / lora.Activations, 0.1, 0.7);

        // Twice the batch keeps twice as much; the half-wide type holds half.
        MemoryEstimate twice = (await runner.PlanAsync(grid with { Training = new TrainingOptions { BatchSize = 20, Steps = 1 } }, TestContext.Current.CancellationToken)).Cells[1].Memory!;
        Assert.InRange((double)twice.Activations / lora.Activations, 1.9, 2.1);
        MemoryEstimate half = (await runner.PlanAsync(grid with { Models = [ModelReference.Sandbox with { DataType = DataType.BFloat16 }] }, TestContext.Current.CancellationToken)).Cells[1].Memory!;
        Assert.Equal(lora.Weights, 2 * half.Weights);
        Assert.Equal(lora.Adapters, half.Adapters);
    }
}
