using System.Text.Json;
using SafeTuneBed.Models.Families;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Parity;

/// <summary>A whole model folder with logits, losses, hidden states and greedy answers.</summary>
internal sealed class DecoderKind : IGoldenKind
{
    public string Name => "decoder";

    public bool Matches(GoldenFixture fixture) => fixture.Has("right", "left", "single", "greedy");

    public string? Unsupported(GoldenFixture fixture)
        => fixture.Architecture is { } architecture && ModelFamilies.Known.Contains(architecture) ? null : $"the architecture {fixture.Architecture ?? "(none)"} can't be loaded";

    public IReadOnlyDictionary<string, Action<GoldenFixture, Measured>> Checks(GoldenFixture fixture)
    {
        var checks = new Dictionary<string, Action<GoldenFixture, Measured>>(StringComparer.Ordinal)
        {
            ["right padding"] = (f, m) => DecoderChecks.Right(f, m, Accuracy.Float32(f)),
            ["left padding"] = (f, m) => DecoderChecks.Left(f, m, Accuracy.Float32(f)),
            ["single row"] = (f, m) => DecoderChecks.Single(f, m, Accuracy.Float32(f)),
            ["float64"] = (f, m) =>
            {
                DecoderChecks.Right(f, m, Accuracy.Float64(f));
                DecoderChecks.Left(f, m, Accuracy.Float64(f));
                DecoderChecks.Single(f, m, Accuracy.Float64(f));
            },
            ["greedy"] = GreedyChecks.Single,
            ["greedy without cache"] = GreedyChecks.WithoutCache,
            ["greedy in a batch"] = GreedyChecks.Batch,
        };
        if (fixture.Has("greedy_eos"))
        {
            checks["greedy to end of text"] = GreedyChecks.EndOfText;
        }

        if (fixture.Expected.TryGetProperty("tolerance", out JsonElement tolerance) && tolerance.TryGetProperty("native_low_precision", out _))
        {
            checks["stored precision"] = LowPrecisionChecks.Stored;
        }

        return checks;
    }
}

/// <summary>Arithmetic and what it is allowed to differ by.</summary>
internal sealed record Accuracy(ScalarType Type, double Logits, double Loss, double TokenLoss)
{
    // Double arithmetic differs only by the rounding of the stored references: half a unit of float32 at their size, or of the last printed digit.
    public static Accuracy Float64(GoldenFixture fixture)
    {
        JsonElement single = fixture.Expected.GetProperty("single");
        double largest = single.GetProperty("hidden").EnumerateObject().Select(h => h.Value)
            .Append(single.GetProperty("logits")).Append(fixture.Expected.At("right", "logits_real_positions"))
            .Max(s => s.GetProperty("abs_max").GetDouble());
        return new Accuracy(ScalarType.Float64, 1e-6 + (1e-7 * largest), 1e-6, 1e-6 + (1e-7 * largest));
    }

    public static Accuracy Float32(GoldenFixture fixture) => new(ScalarType.Float32, fixture.Expected.At("tolerance", "suggested_fp32_atol").GetDouble(), 1e-5, 5e-5);
}
