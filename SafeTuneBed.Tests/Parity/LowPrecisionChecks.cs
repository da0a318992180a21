using System.Text.Json;
using SafeTuneBed.Models;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Parity;

/// <summary>The arithmetic itself in the type in which weights are stored.</summary>
internal static class LowPrecisionChecks
{
    public static void Stored(GoldenFixture fixture, Measured measured)
    {
        ScalarType type = fixture.Expected.GetProperty("weights_dtype").GetString() == "bfloat16" ? ScalarType.BFloat16 : ScalarType.Float16;
        JsonElement right = fixture.Expected.GetProperty("right"), allowed = fixture.Expected.At("tolerance", "native_low_precision");
        using Decoder decoder = Decoder.Load(fixture.Folder, type, CPU);
        Tensor logits_BTV = DecoderChecks.Logits(decoder, decoder.Hidden(DecoderChecks.Ids(right.GetProperty("input_ids"))));
        Tensor got = DecoderChecks.AtReal(logits_BTV, right.GetProperty("attention_mask"));
        Tensor expected = DecoderChecks.AtReal(fixture.Tensor("right.logits"), right.GetProperty("attention_mask"));
        double error = got.sub(expected).norm().item<double>() / expected.norm().item<double>();
        measured.Note("relative Frobenius error of the logits", error, allowed.GetProperty("relative_frobenius").GetDouble());
        measured.Near("mean loss", DecoderChecks.MeanLoss(logits_BTV, right), right.GetProperty("loss_mean").GetDouble(), allowed.GetProperty("mean_loss_abs").GetDouble());
    }
}
