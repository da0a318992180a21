using SafeTuneBed.Models;
using SafeTuneBed.Tests.Core.Models.Families;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Training;
using TorchSharp;

namespace SafeTuneBed.Tests.Core.Training;

/// <summary>Activations as values, with and without a graph, against the model's own record of its states, its weights and finite differences.</summary>
[Collection(TorchCollection.Name)]
public sealed class ActivationTests
{
    public static TheoryData<string> Families => [.. FamilySpecs.All.Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Families))]
    public void Activations_ResidualStreamOfEveryFamily_IsWhatTheModelKeeps(string family) => Run(family, (decoder, step) =>
    {
        var kept = new List<torch.Tensor>();
        using (torch.no_grad())
        {
            decoder.Hidden(step.Batch.InputIds, kept).Dispose();
        }

        ActivationSet values = step.Activations([Site.Embeddings, Site.BlockOutput, Site.FinalNorm], step.Batch);
        Assert.Equal(kept.Count, values.Places.Count);
        foreach ((Site place, torch.Tensor expected) in values.Places.Zip(kept))
        {
            Assert.False(values[place].requires_grad);
            Assert.Equal(expected.contiguous().data<float>().ToArray(), values[place].contiguous().data<float>().ToArray());
            expected.Dispose();
        }
    });

    [Fact]
    public void Activations_InputOfALayer_GivesItsOutputByTheLayersWeight() => Run("mistral", (decoder, step) =>
    {
        ActivationSet values = step.Activations([Site.LinearInput("o_proj"), Site.AttentionOutput], step.Batch);
        Assert.Equal(2 * decoder.Options.LayerCount, values.Places.Count);
        for (int i = 0; i < decoder.Options.LayerCount; i++)
        {
            Site input = values.Places.Single(p => p.Path is not null && p.Layer == i);
            torch.Tensor made = values[input].matmul(decoder.Weights[input.Path + ".weight"].t());
            Assert.Equal(0, (made - values[Site.AttentionOutput.At(i)]).abs().max().item<float>(), 1e-5f);
        }
    });

    [Fact]
    public void Activations_WithATensorAdded_AreReadWithIt() => Run("gemma2", (_, step) =>
    {
        using ActivationSet added = step.ActivationNoise([Site.AttentionOutput.At(0)], step.Batch, 1);
        using var noGrad = torch.no_grad();
        Site first = Site.AttentionOutput.At(0), last = Site.FinalNorm;
        ActivationSet plain = step.Activations([first, last], step.Batch), moved = step.Forward(step.Batch, added, [first, last]).Activations;
        Assert.Equal(0, (plain[first] + added[first] - moved[first]).abs().max().item<float>(), 1e-6f);
        Assert.True((plain[last] - moved[last]).abs().max().item<float>() > 1e-2f);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Gradients_OfALossThatReadsActivations_AreThoseOfFiniteDifferences(bool recomputes) => Run(
        "mistral",
        (_, step) =>
        {
            Site[] places = [Site.MlpOutput.At(1), Site.BlockOutput.At(2), Site.LinearInput("down_proj").At(0)];
            torch.Tensor Loss(ActivationSet values) => places.Select(p => values.Places.Single(p.Covers)).Aggregate(torch.zeros(1), (sum, p) => sum + values[p].pow(2).mean()).squeeze();
            using GradientSet gradient = step.Gradients(step.Batch, (_, output) => Loss(output.Activations), read: places);
            double norm = gradient.Norm();
            Assert.True(norm > 1e-3, $"{norm}");
            const double H = 1e-3;
            double Shifted(double by)
            {
                using (step.Shift(gradient, by / norm))
                {
                    return Loss(step.Activations(places, step.Batch)).item<float>();
                }
            }

            Assert.Equal(norm, (Shifted(H) - Shifted(-H)) / (2 * H), 0.02 * norm);
        },
        recomputes);

    [Fact]
    public void Reference_ThatReadsActivations_IsTheModelWithoutItsAdapter() => Run("mistral", (decoder, step) =>
    {
        ActivationSet now = step.Activations([Site.BlockOutput], step.Batch), before = step.Reference(step.Batch, [Site.BlockOutput]).Activations;
        var kept = new List<torch.Tensor>();
        using (torch.no_grad())
        {
            decoder.Hidden(step.Batch.InputIds, kept).Dispose(); // with the adapter, which is on again
        }

        LoraAdapter.Detach(decoder);
        using (torch.no_grad())
        {
            decoder.Hidden(step.Batch.InputIds, kept).Dispose();
        }

        int layers = decoder.Options.LayerCount;
        for (int i = 0; i < layers; i++)
        {
            Assert.Equal(kept[1 + i].data<float>().ToArray(), now[Site.BlockOutput.At(i)].data<float>().ToArray());
            Assert.Equal(kept[layers + 3 + i].data<float>().ToArray(), before[Site.BlockOutput.At(i)].data<float>().ToArray());
        }

        Assert.True((now[Site.BlockOutput.At(layers - 1)] - before[Site.BlockOutput.At(layers - 1)]).abs().max().item<float>() > 1e-3f);
        kept.ForEach(k => k.Dispose());
    });

    [Fact]
    public void Head_OfTheLastStates_GivesTheLogits() => Run("mistral", (_, step) =>
    {
        ModelOutput output = step.Forward(step.Batch, read: [Site.FinalNorm]);
        torch.Tensor logits = step.Head(output.Activations[Site.FinalNorm]);
        Assert.True(logits.requires_grad);
        Assert.Equal(output.Logits.detach().data<float>().ToArray(), logits.detach().data<float>().ToArray());
    });

    [Fact]
    public void Activations_ThatWereNotReadOrAreLogits_AreRefused() => Run("mistral", (_, step) =>
    {
        Assert.Contains("read: [Site.MlpOutput]", Assert.Throws<InvalidOperationException>(() => step.Forward(step.Batch).Activations).Message, StringComparison.Ordinal);
        Assert.Contains("output.Logits", Assert.Throws<ArgumentException>(() => step.Activations([Site.Logits], step.Batch)).Message, StringComparison.Ordinal);
        Assert.Contains("AttentionOutput of layer 9", Assert.Throws<ConfigurationException>(() => step.Activations([Site.AttentionOutput.At(9)], step.Batch)).Message, StringComparison.Ordinal);
    });

    // One micro-step on a tiny model of the family, with an adapter that changes it, without dropout.
    private static void Run(string family, Action<Decoder, TrainingStep> check, bool recomputes = false)
    {
        FamilySpec spec = FamilySpecs.Get(family);
        using var model = new FamilyModel(spec);
        using Decoder decoder = Decoder.Load(model.Folder, torch.ScalarType.Float32, torch.CPU);
        int checks = 0;
        var method = new ScriptedMethod
        {
            Asked = MethodNeeds.LogitsAt(LogitPositions.All).And(MethodNeeds.Reference),
            Started = context =>
            {
                using var noGrad = torch.no_grad();
                using var generator = new torch.Generator(7);
                foreach (string name in context.Parameters.Names)
                {
                    context.Parameters[name].normal_(0, 0.1, generator);
                }
            },
            Compute = step =>
            {
                check(decoder, step);
                checks++;
            },
        };
        using var context = new TrainingContext
        {
            Model = ModelReference.Folder("fixture"),
            Training = new TrainingConfig { Steps = 1, BatchSize = 3, LearningRate = 0, GradientCheckpointing = recomputes },
            Lora = new LoraConfig { Rank = 2, Alpha = 4, Dropout = 0, TargetModules = spec.Fused ? ["qkv_proj", "down_proj"] : ["q_proj", "v_proj", "down_proj"] },
            Seed = 3,
            Examples = [.. Enumerable.Range(0, 3).Select(i => new TokenizedExample
            {
                RowId = i,
                InputIds = [.. Enumerable.Range(0, 5 + (2 * i)).Select(t => 3 + (((7 * i) + (5 * t)) % 27))],
                PromptTokenCount = 2,
            })],
        };
        using var loop = new TrainingLoop(context, method.CreateHooks(), decoder);
        loop.Run(CancellationToken.None).Dispose();
        Assert.Equal(1, checks);
    }
}
