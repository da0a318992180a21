using System.Text.Json;
using SafeTuneBed.Models;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Parity;

/// <summary>Greedy answers of a decoder fixture, id for id.</summary>
internal static class GreedyChecks
{
    public static void Single(GoldenFixture fixture, Measured measured) => Check(fixture, measured, "greedy", 8);

    public static void EndOfText(GoldenFixture fixture, Measured measured) => Check(fixture, measured, "greedy_eos", 8);

    public static void Batch(GoldenFixture fixture, Measured measured)
    {
        Check(fixture, measured, "greedy_batch_left", 8);
        Check(fixture, measured, "greedy_batch_left", 1);
        Check(fixture, measured, "greedy_batch_left", 2);
    }

    public static void WithoutCache(GoldenFixture fixture, Measured measured)
    {
        JsonElement greedy = fixture.Expected.GetProperty("greedy");
        using Decoder decoder = Decoder.Load(fixture.Folder, ScalarType.Float32, CPU);
        List<int> ids = [.. greedy.GetProperty("input_ids")[0].Ints()];
        int[] expected = greedy.GetProperty("new_tokens")[0].Ints();
        int prompt = ids.Count;
        while (ids.Count < prompt + expected.Length)
        {
            using var scope = NewDisposeScope();
            Tensor hidden = decoder.Hidden(tensor(ids.Select(i => (long)i).ToArray(), [1, ids.Count]));
            ids.Add(DecoderChecks.Argmax(decoder.Head(hidden)[0])[^1]);
        }

        measured.Equal("greedy ids without cache", ids[prompt..], expected);
    }

    private static void Check(GoldenFixture fixture, Measured measured, string section, int batchSize)
    {
        JsonElement expected = fixture.Expected.GetProperty(section);
        int[][] ids = expected.GetProperty("input_ids").IntRows();
        int[][] prompts = expected.TryGetProperty("attention_mask", out JsonElement mask)
            ? [.. ids.Zip(mask.IntRows(), (row, real) => row.Where((_, i) => real[i] == 1).ToArray())]
            : ids;
        JsonElement eos = expected.GetProperty("eos_token_id");
        using Decoder decoder = Decoder.Load(fixture.Folder, ScalarType.Float32, CPU);
        var options = new GenerationOptions { MaxNewTokens = expected.GetProperty("max_new_tokens").GetInt32(), BatchSize = batchSize };
        IReadOnlyList<GeneratedIds> answers = new TokenGenerator(decoder).Generate(prompts, options, eos.ValueKind == JsonValueKind.Null ? [] : [eos.GetInt32()]);
        int[][] wanted = expected.GetProperty("new_tokens").IntRows();
        Assert.Equal(wanted.Length, answers.Count);
        for (int i = 0; i < wanted.Length; i++)
        {
            measured.Equal($"{section} ids", answers[i].TokenIds, wanted[i]);
            bool stopped = eos.ValueKind != JsonValueKind.Null && wanted[i][^1] == eos.GetInt32();
            Assert.Equal(stopped ? FinishReason.Stop : FinishReason.Length, answers[i].FinishReason);
        }
    }
}
