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
                DecoderChecks.Right(f, m, Accuracy.Float64);
                DecoderChecks.Left(f, m, Accuracy.Float64);
                DecoderChecks.Single(f, m, Accuracy.Float64);
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
    // Double arithmetic differs only by the rounding of the stored references: half a unit of float32 at their size, or of the printed digits.
    public static Accuracy Float64 { get; } = new(ScalarType.Float64, 2e-6, 2e-7, 2e-6);

    public static Accuracy Float32(GoldenFixture fixture) => new(ScalarType.Float32, fixture.Expected.At("tolerance", "suggested_fp32_atol").GetDouble(), 1e-5, 5e-5);
}
