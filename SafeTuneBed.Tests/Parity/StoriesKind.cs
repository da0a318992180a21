using System.Text.Json;
using SafeTuneBed.Models;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Parity;

/// <summary>A pretrained model whose greedy stories a reference program wrote.</summary>
internal sealed class StoriesKind : IGoldenKind
{
    private const int Bos = 1;

    public string Name => "stories";

    public bool Matches(GoldenFixture fixture) => fixture.Has("generations", "teacher_forced");

    public string? Unsupported(GoldenFixture fixture) => null;

    public IReadOnlyDictionary<string, Action<GoldenFixture, Measured>> Checks(GoldenFixture fixture) => new Dictionary<string, Action<GoldenFixture, Measured>>
    {
        ["stories one by one"] = (f, m) => Stories(f, m, 1),
        ["stories in a batch"] = (f, m) => Stories(f, m, 8),
        ["teacher forced"] = TeacherForced,
    };

    public static void Stories(GoldenFixture fixture, Measured measured, int batchSize)
    {
        using Decoder decoder = Decoder.Load(fixture.Folder, ScalarType.Float32, CPU);
        JsonElement[] stories = [.. fixture.Expected.GetProperty("generations").EnumerateArray()];
        int[][] prompts = [.. stories.Select(s => s.GetProperty("input_ids").Ints())];
        int longest = stories.Max(s => s.GetProperty("new_tokens").GetArrayLength());
        IReadOnlyList<GeneratedIds> answers = new TokenGenerator(decoder).Generate(prompts, new GenerationOptions { MaxNewTokens = longest, BatchSize = batchSize }, [Bos]);
        for (int i = 0; i < stories.Length; i++)
        {
            int[] expected = stories[i].GetProperty("new_tokens").Ints();
            measured.Equal("story ids", [.. answers[i].TokenIds.Take(expected.Length)], expected);
            if (stories[i].GetProperty("stopped_at_bos").GetBoolean())
            {
                Assert.Equal(FinishReason.Stop, answers[i].FinishReason);
                Assert.Equal([.. expected, Bos], answers[i].TokenIds);
            }
        }
    }

    public static void TeacherForced(GoldenFixture fixture, Measured measured)
    {
        JsonElement forced = fixture.Expected.GetProperty("teacher_forced");
        double tolerance = fixture.Expected.At("tolerance", "fp32_atol").GetDouble();
        using Decoder decoder = Decoder.Load(fixture.Folder, ScalarType.Float32, CPU);
        int[] ids = forced.GetProperty("input_ids").Ints();
        Tensor logits_TV = DecoderChecks.Logits(decoder, decoder.Hidden(tensor(ids.Select(i => (long)i).ToArray(), [1, ids.Length])))[0];
        Tensor first = fixture.Tensor("logits_c");
        measured.Near("logits", logits_TV.narrow(0, 0, first.size(0)), first, tolerance);
        measured.Near("mean loss", DecoderChecks.TokenLosses(logits_TV, ids).Average()!.Value, forced.GetProperty("mean_nll_float64").GetDouble(), 1e-5);
        foreach (JsonElement entry in forced.At("logits", "entries").EnumerateArray())
        {
            measured.Near("logits", logits_TV[entry[0][0].GetInt64(), entry[0][1].GetInt64()].item<double>(), entry[1].GetDouble(), tolerance);
        }
    }
}
