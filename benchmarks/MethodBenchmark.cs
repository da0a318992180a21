using SafeTuneBed.Methods.Booster;
using SafeTuneBed.Methods.ConstrainedSft;
using SafeTuneBed.Methods.GuideMix;
using SafeTuneBed.Methods.Lisa;
using SafeTuneBed.Methods.Lora;
using SafeTuneBed.Methods.RandomVaccine;
using SafeTuneBed.Methods.SafeGrad;
using SafeTuneBed.Methods.Vaccine;
using SafeTuneBed.Models;
using static TorchSharp.torch;

namespace SafeTuneBed.Benchmarks;

/// <summary>A step of each defense against a LoRA step on the same adapters and rows, beside what its passes predict.</summary>
internal static class MethodBenchmark
{
    private const int StepsAtATime = 4;

    // A pass is a forward and a backward. Not counted: pulls, sums and norms over the trainable numbers, which the rest of a ratio is.
    private static readonly (string Name, Func<MethodAlgorithm> Create, double Passes)[] Methods =
    [
        ("lora", () => new LoraAlgorithm(), 1),
        ("lisa", () => new LisaAlgorithm(), 1),
        ("guide-mix", () => new GuideMixAlgorithm(), 1),
        ("random-vaccine", () => new RandomVaccineAlgorithm(), 1),
        ("vaccine", () => new VaccineAlgorithm(), 2),
        ("booster", () => new BoosterAlgorithm(), 3),
        ("safe-grad", () => new SafeGradAlgorithm(), 2.5), // the reference is half a pass
        ("constrained-sft", () => new ConstrainedSftAlgorithm(), 1), // the reference's log-probabilities are remembered after a row's first time
    ];

    public static int Run(Arguments arguments)
    {
        var results = new Results();
        Results.PrintMachine();
        using var models = new BenchmarkModels();
        foreach (string size in arguments.Text("size", "sandbox,25m").Split(','))
        {
            using Decoder decoder = models.Load(size, arguments.Type() ?? ScalarType.Float32);
            (int batch, int length) = size == "sandbox" ? (10, 32) : (4, 128);
            IReadOnlyList<TokenizedExample> rows = TrainingRig.EqualRows(2 * batch, length, decoder.VocabularySize);
            TrainingRig[] rigs = [.. Methods.Select(m => new TrainingRig(decoder, new TrainingConfig { BatchSize = batch }, rows, null, m.Create))];
            double[] seconds = Interleaved.Medians(arguments.Number("repeats", 7), [.. rigs.Select(r => (Func<double>)(() => r.StepSeconds(StepsAtATime)))]);
            for (int i = 0; i < Methods.Length; i++)
            {
                results.Add("methods", $"{size}, {batch} x {length}", $"{Methods[i].Name}: time of a step over lora's, {Methods[i].Passes:0.0} by its passes", seconds[i] / seconds[0]);
            }
        }

        results.WriteIfAsked(arguments);
        return 0;
    }
}
