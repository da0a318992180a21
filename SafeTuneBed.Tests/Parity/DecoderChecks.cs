using System.Text.Json;
using SafeTuneBed.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Parity;

/// <summary>Forward passes of a decoder fixture: logits, losses and hidden states, padded right, left and not at all.</summary>
internal static class DecoderChecks
{
    public static void Right(GoldenFixture fixture, Measured measured, Accuracy accuracy)
    {
        JsonElement right = fixture.Expected.GetProperty("right");
        using Decoder decoder = Decoder.Load(fixture.Folder, accuracy.Type, CPU);
        Tensor ids_BT = Ids(right.GetProperty("input_ids"));
        Compare("right", fixture, measured, accuracy, right, Logits(decoder, decoder.Hidden(ids_BT)));

        // The padded form must agree with the one that needs no mask.
        Tensor mask_BT = Ids(right.GetProperty("attention_mask"));
        Compare("right and masked", fixture, measured, accuracy, right, Logits(decoder, decoder.Hidden(ids_BT, mask_BT)));
    }

    public static void Left(GoldenFixture fixture, Measured measured, Accuracy accuracy)
    {
        JsonElement left = fixture.Expected.GetProperty("left");
        using Decoder decoder = Decoder.Load(fixture.Folder, accuracy.Type, CPU);
        Tensor ids_BT = Ids(left.GetProperty("input_ids")), mask_BT = Ids(left.GetProperty("attention_mask"));
        Compare("left", fixture, measured, accuracy, left, Logits(decoder, decoder.Hidden(ids_BT, mask_BT)));
        Compare("left with positions", fixture, measured, accuracy, left, Logits(decoder, decoder.Hidden(ids_BT, mask_BT, Ids(left.GetProperty("position_ids")))));

        // Rotary positions are relative: counting the padding too must change nothing.
        Tensor counted_BT = arange(ids_BT.size(1), ScalarType.Int64).expand(ids_BT.shape);
        Compare("left with padding counted", fixture, measured, accuracy, left, Logits(decoder, decoder.Hidden(ids_BT, mask_BT, counted_BT)));
    }

    public static void Single(GoldenFixture fixture, Measured measured, Accuracy accuracy)
    {
        JsonElement single = fixture.Expected.GetProperty("single");
        using Decoder decoder = Decoder.Load(fixture.Folder, accuracy.Type, CPU);
        var residuals = new List<Tensor>();
        Tensor ids_BT = Ids(single.GetProperty("input_ids"));
        Tensor logits_TV = Logits(decoder, decoder.Hidden(ids_BT, residuals))[0];
        measured.Near("single logits", logits_TV, fixture.Tensor("single.logits"), accuracy.Logits);
        Checksum("single logits", measured, logits_TV, single.GetProperty("logits"), accuracy.Logits);
        measured.Equal("single argmax", Argmax(logits_TV), single.GetProperty("argmax").Ints());
        double?[] losses = TokenLosses(logits_TV, single.GetProperty("input_ids")[0].Ints());
        double[] expected = single.GetProperty("token_nll").Doubles();
        for (int t = 0; t < expected.Length; t++)
        {
            measured.Near("single token loss", losses[t]!.Value, expected[t], accuracy.TokenLoss);
        }

        measured.Near("single mean loss", losses.Average()!.Value, single.GetProperty("loss_mean").GetDouble(), accuracy.Loss);
        string[] names = ["embed", .. Enumerable.Range(0, decoder.Options.LayerCount).Select(i => $"layer{i}"), "final_norm"];
        Assert.Equal(names.Length, residuals.Count);
        for (int i = 0; i < names.Length; i++)
        {
            using Tensor residual = residuals[i];
            Tensor state_TD = residual[0].to(ScalarType.Float64);
            measured.Near("hidden states", state_TD, fixture.Tensor($"single.hidden.{names[i]}"), accuracy.Logits);
            Checksum("hidden states", measured, state_TD, single.At("hidden", names[i]), accuracy.Logits);
        }
    }

    /// <summary>Logits in float64.</summary>
    public static Tensor Logits(Decoder decoder, Tensor hidden) => decoder.Head(hidden).to(ScalarType.Float64);

    public static Tensor Ids(JsonElement rows)
    {
        int[][] all = rows.IntRows();
        return tensor(all.SelectMany(r => r).Select(i => (long)i).ToArray(), [all.Length, all[0].Length]);
    }

    public static int[] Argmax(Tensor logits_TV) => [.. logits_TV.argmax(-1).data<long>().ToArray().Select(i => (int)i)];

    /// <summary>The loss of predicting each position from the one before it; null where its label is -100.</summary>
    public static double?[] TokenLosses(Tensor logits_TV, int[] labels)
    {
        using var scope = NewDisposeScope();
        double[,] logits = new double[logits_TV.size(0), logits_TV.size(1)];
        double[] flat = logits_TV.contiguous().data<double>().ToArray();
        Buffer.BlockCopy(flat, 0, logits, 0, flat.Length * sizeof(double));
        var losses = new double?[labels.Length - 1];
        for (int t = 0; t < losses.Length; t++)
        {
            if (labels[t + 1] != -100)
            {
                double largest = Enumerable.Range(0, logits.GetLength(1)).Max(v => logits[t, v]);
                double sum = Enumerable.Range(0, logits.GetLength(1)).Sum(v => Math.Exp(logits[t, v] - largest));
                losses[t] = largest + Math.Log(sum) - logits[t, labels[t + 1]];
            }
        }

        return losses;
    }

    /// <summary>The rows of a batch's real positions, batch-major.</summary>
    public static Tensor AtReal(Tensor x_BTV, JsonElement mask)
    {
        Tensor real = Ids(mask).reshape(-1).nonzero().squeeze(1);
        return x_BTV.reshape(-1, x_BTV.size(-1)).index_select(0, real);
    }

    /// <summary>Token losses of a whole batch against the reference's, with their mean.</summary>
    public static double MeanLoss(Tensor logits_BTV, JsonElement section, Action<double, double>? each = null)
    {
        int[][] labels = section.GetProperty("labels").IntRows();
        double?[][] expected = section.GetProperty("token_nll").OptionalRows();
        var kept = new List<double>();
        for (int b = 0; b < labels.Length; b++)
        {
            double?[] losses = TokenLosses(logits_BTV[b], labels[b]);
            Assert.Equal(expected[b].Select(e => e.HasValue), losses.Select(l => l.HasValue));
            for (int t = 0; t < losses.Length; t++)
            {
                if (losses[t] is { } loss)
                {
                    kept.Add(loss);
                    each?.Invoke(loss, expected[b][t]!.Value);
                }
            }
        }

        Assert.Equal(section.GetProperty("loss_tokens").GetInt32(), kept.Count);
        return kept.Average();
    }

    /// <summary>Mean, spread, largest size and some entries of a matrix.</summary>
    public static void Checksum(string name, Measured measured, Tensor x, JsonElement expected, double tolerance)
    {
        Assert.Equal(expected.GetProperty("shape").Ints().Select(i => (long)i), x.shape);
        measured.Near(name + " (mean)", x.mean().item<double>(), expected.GetProperty("mean").GetDouble(), tolerance);
        measured.Near(name + " (std)", x.std(unbiased: false).item<double>(), expected.GetProperty("std").GetDouble(), tolerance);
        measured.Near(name + " (largest)", x.abs().max().item<double>(), expected.GetProperty("abs_max").GetDouble(), tolerance);
        foreach (JsonElement entry in expected.GetProperty("entries").EnumerateArray())
        {
            int[] at = entry[0].Ints();
            measured.Near(name + " (entries)", x[at[0], at[1]].item<double>(), entry[1].GetDouble(), tolerance);
        }
    }

    private static void Compare(string name, GoldenFixture fixture, Measured measured, Accuracy accuracy, JsonElement section, Tensor logits_BTV)
    {
        Tensor got_NV = AtReal(logits_BTV, section.GetProperty("attention_mask"));
        Tensor expected_NV = AtReal(fixture.Tensor("right.logits"), fixture.Expected.At("right", "attention_mask"));
        measured.Near(name + " logits", got_NV, expected_NV, accuracy.Logits);
        Checksum(name + " logits", measured, got_NV, section.GetProperty("logits_real_positions"), accuracy.Logits);
        double[] first = section.GetProperty("logits_row0_last_real_first8").Doubles();
        long last = section.GetProperty("attention_mask")[0].Ints().Sum() - 1;
        measured.Near(name + " logits", got_NV[last].narrow(0, 0, first.Length), tensor(first), accuracy.Logits);
        double mean = MeanLoss(logits_BTV, section, (loss, expected) => measured.Near(name + " token loss", loss, expected, accuracy.TokenLoss));
        measured.Near(name + " mean loss", mean, section.GetProperty("loss_mean").GetDouble(), accuracy.Loss);
    }
}
