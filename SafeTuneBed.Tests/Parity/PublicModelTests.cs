using System.Text.Json;
using SafeTuneBed.Models;
using SafeTuneBed.Tests.TestDoubles;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Parity;

/// <summary>Models that lie beside the checkout and are not part of it.</summary>
[Collection(TorchCollection.Name)]
public sealed class PublicModelTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public void Stories260k_Greedy_EqualsTheReferenceProgramTokenForToken(int batchSize)
    {
        using var scope = NewDisposeScope();
        StoriesKind.Stories(Stories(), new Measured("stories260k", "greedy"), batchSize);
    }

    [Fact]
    public void Stories260k_TeacherForced_EqualsTheReferenceLogits()
    {
        using var scope = NewDisposeScope();
        StoriesKind.TeacherForced(Stories(), new Measured("stories260k", "teacher forced"));
    }

    [Theory]
    [InlineData("base")]
    [InlineData("aligned")]
    public void Sandbox_Logits_EqualTheReference(string model)
    {
        (JsonElement expected, string folder) = Sandbox(model);
        using var scope = NewDisposeScope();
        using Decoder decoder = Decoder.Load(folder, ScalarType.Float32, CPU);
        foreach (JsonElement item in expected.GetProperty("logits").EnumerateArray())
        {
            int[] ids = item.GetProperty("ids").Ints();
            Tensor logits_TV = DecoderChecks.Logits(decoder, decoder.Hidden(tensor(ids.Select(i => (long)i).ToArray(), [1, ids.Length])))[0];
            double size = item.GetProperty("sum_abs").GetDouble();
            Assert.Equal(item.GetProperty("sum").GetDouble(), logits_TV.sum().item<double>(), 1e-5 * size);
            Assert.Equal(size, logits_TV.abs().sum().item<double>(), 1e-5 * size);
            double squares = item.GetProperty("sum_squares").GetDouble();
            Assert.Equal(squares, logits_TV.square().sum().item<double>(), 1e-5 * squares);
            Assert.Equal(item.GetProperty("mean_nll_of_prompt").GetDouble(), DecoderChecks.TokenLosses(logits_TV, ids).Average()!.Value, 1e-5);
            JsonElement last = item.GetProperty("last_position");
            foreach (JsonProperty at in last.GetProperty("at_ids").EnumerateObject())
            {
                Assert.Equal(at.Value.GetDouble(), logits_TV[ids.Length - 1, int.Parse(at.Name, null)].item<double>(), 1e-4);
            }

            (Tensor top, Tensor order) = logits_TV[ids.Length - 1].topk(5);
            Assert.Equal(last.GetProperty("top5_ids").Ints().Select(i => (long)i), order.data<long>().ToArray());
            Assert.Equal(last.GetProperty("top5_logits").Doubles(), top.data<double>().ToArray(), (a, b) => Math.Abs(a - b) <= 1e-4);
        }
    }

    [Theory]
    [InlineData("base", 158)]
    [InlineData("aligned", 159)]
    public void Sandbox_Greedy_EqualsTheReferenceWhereItIsNoCloseCall(string model, int firmItems)
    {
        (JsonElement expected, string folder) = Sandbox(model);
        using Decoder decoder = Decoder.Load(folder, ScalarType.Float32, CPU);
        int end = GenerationConfig.Load(folder).StopIds.Single();
        int firm = 0;
        foreach (JsonProperty set in expected.At("greedy", "sets").EnumerateObject())
        {
            JsonElement[] items = [.. set.Value.GetProperty("items").EnumerateArray()];
            var options = new GenerationOptions { MaxNewTokens = set.Value.GetProperty("max_new_tokens").GetInt32(), BatchSize = 16 };
            IReadOnlyList<GeneratedIds> answers = new TokenGenerator(decoder).Generate([.. items.Select(i => i.GetProperty("prompt_ids").Ints())], options, [end]);
            for (int i = 0; i < items.Length; i++)
            {
                if (items[i].GetProperty("smallest_gap").GetDouble() > 1e-3)
                {
                    firm++;
                    int[] ids = items[i].GetProperty("ids").Ints();
                    Assert.Equal(items[i].GetProperty("ended").GetBoolean() ? [.. ids, end] : ids, answers[i].TokenIds);
                }
            }
        }

        Assert.Equal(firmItems, firm);
    }

    private static GoldenFixture Stories()
    {
        string folder = SharedFolder.Require("stories260k");
        return new GoldenFixture(folder, folder);
    }

    private static (JsonElement Expected, string Folder) Sandbox(string model)
    {
        string folder = SharedFolder.Require("sandbox", model);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(SharedFolder.Require("sandbox", "expected.json")));
        return (document.RootElement.At("models", model).Clone(), folder);
    }
}
