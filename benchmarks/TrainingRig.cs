using SafeTuneBed.Methods.Lora;
using SafeTuneBed.Models;
using SafeTuneBed.Training;

namespace SafeTuneBed.Benchmarks;

/// <summary>The library's own loop with LoRA on q and v, or another method, over rows made up. Every stream of a method is fed by the same rows.</summary>
internal sealed class TrainingRig(Decoder decoder, TrainingConfig config, IReadOnlyList<TokenizedExample> rows, LoraConfig? lora = null, Func<MethodAlgorithm>? method = null)
{
    /// <summary>The adapters that are trained: rank 8 on q and v with dropout, the library's defaults.</summary>
    public LoraConfig Lora { get; } = lora ?? new LoraConfig();

    /// <summary>Seconds of each of so many steps, behind one that is not counted.</summary>
    public IReadOnlyList<double> Run(int steps)
    {
        var clock = new Clock();
        Run(steps + 1, clock);
        return clock.Seconds;
    }

    /// <summary>Runs so many steps, and calls after each.</summary>
    public void Run(int steps, Action<int> then) => Run(steps, new Clock { Then = then });

    /// <summary>Seconds of one whole epoch, in which every row comes once.</summary>
    public double EpochSeconds()
    {
        var clock = new Clock();
        clock.Tick();
        Run(config.BatchesPerEpoch(rows.Count), clock);
        return clock.Seconds.Sum();
    }

    /// <summary>The median of <see cref="Run"/>.</summary>
    public double StepSeconds(int steps) => Interleaved.Median(Run(steps));

    /// <summary>Rows of one length, the first half of each without loss.</summary>
    public static IReadOnlyList<TokenizedExample> EqualRows(int count, int length, int vocabulary) => [.. Enumerable.Range(0, count).Select(i => Row(i, length, length / 2, vocabulary))];

    /// <summary>
    /// Rows of lengths like those of Alpaca under its template: 60 tokens and a log-normal rest (median 67, up to 452), in mixed order; the last half of the rest has loss.
    /// </summary>
    public static IReadOnlyList<TokenizedExample> MixedRows(int count, int vocabulary)
    {
        int[] order = new SeedTree(7).Permutation(count);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            double z = MathNet.Numerics.Distributions.Normal.InvCDF(0, 1, (order[i] + 0.5) / count);
            int rest = (int)Math.Clamp(Math.Exp(4.2 + (0.8 * z)), 4, 452);
            return Row(i, 60 + rest, 60 + (rest / 2), vocabulary);
        })];
    }

    private void Run(int steps, Clock clock)
    {
        MethodAlgorithm trained = method?.Invoke() ?? new LoraAlgorithm();
        using var context = new TrainingContext
        {
            Model = ModelReference.Folder("benchmark"),
            Training = config with { Steps = steps },
            Lora = Lora,
            Examples = rows,
            Progress = clock,
            StreamRows = trained.Needs.Streams.ToDictionary(s => s, _ => rows),
        };
        using var loop = new TrainingLoop(context, trained.CreateHooks(), decoder);
        loop.Run(CancellationToken.None).Dispose();
    }

    private static TokenizedExample Row(int id, int length, int prompt, int vocabulary) => new()
    {
        RowId = id,
        InputIds = [.. Enumerable.Range(0, length).Select(t => (int)(((id * 7919L) + (t * 104729L) + (t * (long)t * 31)) % vocabulary))],
        PromptTokenCount = prompt,
    };

    private sealed class Clock : IProgress<TrainingProgress>
    {
        private double last;

        public List<double> Seconds { get; } = [];

        public Action<int>? Then { get; init; }

        public void Report(TrainingProgress value)
        {
            Tick();
            Then?.Invoke(value.Step);
        }

        public void Tick()
        {
            double now = WorkClock.Now;
            if (last != 0)
            {
                Seconds.Add(now - last);
            }

            last = now;
        }
    }
}
