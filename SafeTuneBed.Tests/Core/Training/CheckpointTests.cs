using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Training;
using TorchSharp;

namespace SafeTuneBed.Tests.Core.Training;

/// <summary>A run that stopped and went on equals one that did not, to the bit.</summary>
[Collection(TorchCollection.Name)]
public sealed class CheckpointTests : IDisposable
{
    private readonly LoopBed bed = new();
    private readonly string folder = Directory.CreateTempSubdirectory("safetunebed-").FullName;

    public static TheoryData<string, int, int> Stops => new()
    {
        { "plain", 1, 1 },
        { "plain", 7, 2 },
        { "alternating", 4, 1 },
        { "alternating", 5, 2 },
        { "attenuating", 6, 2 },
        { "freezing", 6, 1 },
    };

    private string FilePath => Path.Combine(folder, "checkpoint", "state.safetensors");

    public void Dispose()
    {
        bed.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [MemberData(nameof(Stops))]
    public void Resume_AfterAStop_EqualsTheUninterruptedRunToTheBit(string kind, int stopAt, int accumulation)
    {
        TrainingConfig config = LoopBed.Config(12) with { AccumulationSteps = accumulation, GroupByLength = kind == "plain" };
        var whole = new LoopBed.Collector();
        float[] expected = bed.Train(Method(kind), bed.Context(config, progress: whole));

        var first = new LoopBed.Collector();
        Stop(Method(kind), config, stopAt, first);
        var resumedAt = new List<int>();
        var second = new LoopBed.Collector();
        float[] actual = bed.Train(Method(kind), bed.Context(config, progress: second, checkpoints: (Store() with { Resumed = resumedAt.Add }).Build()));

        Assert.Equal(expected, actual);
        Assert.Equal([stopAt], resumedAt);
        Assert.Equal(12, first.Seen.Count + second.Seen.Count);
        Assert.Equal(whole.Seen.Select(Figures), first.Seen.Concat(second.Seen).Select(Figures));
    }

    [Fact]
    public void Resume_TwiceWithStepsLost_RepeatsThemAndEndsEqual()
    {
        TrainingConfig config = LoopBed.Config(12);
        float[] expected = bed.Train(Method("alternating"), bed.Context(config));
        int steps = 0;
        foreach (int dieAt in new[] { 5, 9 }) // checkpoints at 3, 6, 9: two steps are lost the first time, and none the second
        {
            var method = Method("alternating", step =>
            {
                if (step.OptimizerStep == dieAt)
                {
                    throw new InvalidTimeZoneException();
                }
            });
            Assert.Throws<InvalidTimeZoneException>(() => bed.Train(method, bed.Context(config, progress: new LoopBed.Collector { Then = _ => steps++ }, checkpoints: (Store() with { Steps = 3 }).Build())));
        }

        CheckpointStore store = (Store() with { Steps = 3 }).Build();
        Assert.Equal(expected, bed.Train(Method("alternating"), bed.Context(config, progress: new LoopBed.Collector { Then = _ => steps++ }, checkpoints: store)));
        Assert.Equal([3, 9], store.Resumes);
        Assert.Equal(12 + 2, steps);
    }

    [Fact]
    public void State_OfEveryKind_IsThereAgainToTheBit()
    {
        TrainingConfig config = LoopBed.Config(4);
        double number = Math.PI * 1e-300;
        var method = new ScriptedMethod
        {
            Started = context =>
            {
                using var generator = new torch.Generator(3);
                context.State.Set("f32", torch.randn([2, 3], generator: generator).t());
                context.State.Set("bf16", torch.randn([4], torch.ScalarType.BFloat16, generator: generator));
                context.State.Set("ids", torch.tensor(new long[] { 1L << 60, -1 }));
                context.State.Set("flag", torch.tensor(true));
                context.State.Set("leaf", torch.ones(3).requires_grad_(true));
                context.State.Set("snapshot", context.Parameters.Snapshot());
                context.State.Set("gradients", context.Gradients(context.CreateBatch(context.Examples.Take(2))));
                context.State.Set("double", number);
                context.State.Set("not a number", double.NaN);
                context.State.Set("float", 0.1f);
                context.State.Set("int", -7);
                context.State.Set("long", long.MaxValue);
                context.State.Set("bool", true);
                context.State.Set("text", "a \"b\"\n\u2028é");
            },
        };
        var before = new Dictionary<string, string>();
        using (TrainingContext context = bed.Context(config, checkpoints: (Store() with { Steps = 1 }).Build()))
        {
            using var loop = new TrainingLoop(context, method.CreateHooks(), bed.Decoder);
            loop.Run(CancellationToken.None).Dispose();
            Describe(context.State, before);
        }

        var after = new Dictionary<string, string>();
        var again = new ScriptedMethod
        {
            Started = _ => Assert.Fail("The run goes on; it does not start."),
            Finished = context =>
            {
                Describe(context.State, after);
                Assert.True(context.State.Get<torch.Tensor>("leaf").requires_grad);
                using GradientSet difference = context.Parameters.Minus(context.State.Get<ParameterSnapshot>("snapshot"));
                Assert.True(difference.Norm() > 0);
                Assert.True(context.State.Get<GradientSet>("gradients").Norm() > 0);
            },
        };
        bed.Train(again, bed.Context(config, checkpoints: Store().Build()));
        Assert.Equal(14, after.Count);
        Assert.Equal(before, after);
    }

    [Theory]
    [InlineData("another fingerprint", false)]
    [InlineData("another numerics version", false)]
    [InlineData("other adapters", false)]
    [InlineData("cut", true)]
    [InlineData("emptied", true)]
    [InlineData("numbers changed to text", true)]
    public void Checkpoint_OfAnotherRunOrDamaged_IsNotReadAndTheRunStartsAnew(string change, bool warns)
    {
        TrainingConfig config = LoopBed.Config(5);
        Stop(Method("plain"), config, 3, new LoopBed.Collector());
        var warnings = new List<string>();
        StoreOptions options = Store() with { Warn = warnings.Add };
        TrainingContext context = bed.Context(config);
        switch (change)
        {
            case "another fingerprint":
                options = options with { Fingerprint = "g" };
                break;
            case "another numerics version":
                options = options with { Numerics = 3 };
                break;
            case "cut":
                File.WriteAllBytes(FilePath, File.ReadAllBytes(FilePath)[..^1000]);
                break;
            case "emptied":
                File.WriteAllBytes(FilePath, []);
                break;
            case "numbers changed to text":
                byte[] bytes = File.ReadAllBytes(FilePath);
                byte[] target = System.Text.Encoding.UTF8.GetBytes("microSteps\\\":3");
                int at = bytes.AsSpan().IndexOf(target);
                Assert.True(at > 0);
                bytes[at + target.Length - 1] = (byte)'x';
                File.WriteAllBytes(FilePath, bytes);
                break;
        }

        context.Dispose();
        LoraConfig lora = change == "other adapters" ? context.Lora with { Rank = 2 } : context.Lora;
        var seen = new LoopBed.Collector();
        using var fresh = new TrainingContext
        {
            Model = context.Model,
            Training = config,
            Lora = lora,
            Seed = 1,
            Examples = context.Examples,
            Progress = seen,
            Checkpoints = options.Build(),
        };
        bed.Train(Method("plain"), fresh);
        Assert.Equal([1, 2, 3, 4, 5], seen.Seen.Select(s => s.Step));
        Assert.Equal(warns, warnings.Count == 1);
    }

    [Fact]
    public void Save_FolderTakesNoFile_WarnsAndTheTrainingGoesOn()
    {
        Directory.CreateDirectory(FilePath); // a folder in the file's place: no rename succeeds
        var warnings = new List<string>();
        float[] expected = bed.Train(Method("plain"), bed.Context(LoopBed.Config(6)));
        Assert.Equal(expected, bed.Train(Method("plain"), bed.Context(LoopBed.Config(6), checkpoints: (Store() with { Steps = 2, Warn = warnings.Add }).Build())));
        Assert.NotEmpty(warnings);
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(FilePath)!));
    }

    [Fact]
    public void TryRestore_RestsOfAKilledWrite_AreRemovedAndTheOneBeforeIsRead()
    {
        TrainingConfig config = LoopBed.Config(6);
        float[] expected = bed.Train(Method("plain"), bed.Context(config));
        Stop(Method("plain"), config, 4, new LoopBed.Collector());
        File.WriteAllBytes(FilePath + ".4711.partial", File.ReadAllBytes(FilePath)[..200]);
        CheckpointStore store = Store().Build();
        Assert.Equal(expected, bed.Train(Method("plain"), bed.Context(config, checkpoints: store)));
        Assert.Equal([4], store.Resumes);
        Assert.Equal([FilePath], Directory.GetFiles(Path.GetDirectoryName(FilePath)!));
    }

    [Fact]
    public void SaveIfDue_ByTime_WritesOnceAnInterval()
    {
        var time = new StepClock();
        var written = new List<int>();
        var seen = new LoopBed.Collector
        {
            Then = progress =>
            {
                if (File.Exists(FilePath))
                {
                    written.Add(progress.Step);
                    File.Delete(FilePath);
                }

                time.Now += TimeSpan.FromSeconds(10);
            },
        };
        var store = new CheckpointStore(FilePath, "f", 2, new CheckpointPolicy { Every = TimeSpan.FromSeconds(25) }, time);
        bed.Train(Method("plain"), bed.Context(LoopBed.Config(10), progress: seen, checkpoints: store));
        Assert.Equal([4, 7, 10], written); // seen one step after it was written: 30 s, 60 s and 90 s into the run
    }

    [Fact]
    public void TwoRuns_OnTwoThreadsAtOnce_EqualEachRunAlone()
    {
        using var other = new LoopBed();
        TrainingConfig config = LoopBed.Config(25);
        float[][] alone = [bed.Train(Method("alternating"), bed.Context(config, seed: 1)), other.Train(Method("attenuating"), other.Context(config, seed: 2))];
        var together = new float[2][];
        using var start = new Barrier(2);
        Thread[] threads =
        [
            new(() => Run(0, () => bed.Train(Method("alternating"), bed.Context(config, seed: 1)))),
            new(() => Run(1, () => other.Train(Method("attenuating"), other.Context(config, seed: 2)))),
        ];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        Assert.Equal(alone[0], together[0]);
        Assert.Equal(alone[1], together[1]);

        void Run(int index, Func<float[]> train)
        {
            torch.set_num_threads(1);
            start.SignalAndWait();
            together[index] = train();
        }
    }

    private static MethodAlgorithm Method(string kind, Action<TrainingStep>? inside = null) => kind switch
    {
        "alternating" => new AlternatingMethod { Inside = inside },
        "attenuating" => new AttenuatingMethod(),
        "freezing" => new ScriptedMethod
        {
            Started = context => context.Parameters.SetTrainable(p => p.Layer == 0),
            Stepped = step =>
            {
                if (step.OptimizerStep == 4)
                {
                    step.Parameters.SetTrainable(p => p.Part == "lora_A" || p.Layer == 0);
                }
            },
        },
        _ => new ScriptedMethod(),
    };

    private static string Figures(TrainingProgress p) =>
        FormattableString.Invariant($"{p.Step} {p.Loss:R} {p.LearningRate:R} {p.GradientNorm:R} {p.SupervisedTokens} {string.Join(' ', p.Logged.Select(l => FormattableString.Invariant($"{l.Key} {l.Value:R}")))}");

    private static void Describe(TrainingState state, Dictionary<string, string> into)
    {
        foreach ((string name, object value) in state.Entries)
        {
            into[name] = value switch
            {
                torch.Tensor t => $"{t.dtype} [{string.Join(",", t.shape)}] {Bits(t)}",
                ParameterSnapshot s => $"snapshot {Bits(s.Values)}",
                GradientSet g => $"gradients {Bits(g.Values)}",
                double d => $"double {BitConverter.DoubleToInt64Bits(d)}",
                _ => $"{value.GetType()} {value}",
            };
        }
    }

    private static string Bits(torch.Tensor tensor)
    {
        using torch.Tensor plain = tensor.detach().contiguous();
        return Convert.ToHexString(plain.bytes);
    }

    private StoreOptions Store() => new(FilePath);

    private void Stop(MethodAlgorithm method, TrainingConfig config, int at, LoopBed.Collector seen)
    {
        using var stop = new CancellationTokenSource();
        var collector = new LoopBed.Collector
        {
            Then = progress =>
            {
                seen.Seen.Add(progress);
                if (progress.Step == at)
                {
                    stop.Cancel();
                }
            },
        };
        Assert.ThrowsAny<OperationCanceledException>(() => bed.Train(method, bed.Context(config, progress: collector, checkpoints: Store().Build()), stop.Token));
    }

    private sealed record StoreOptions(string FilePath)
    {
        public string Fingerprint { get; init; } = "f";

        public int Numerics { get; init; } = 2;

        public int? Steps { get; init; }

        public Action<string> Warn { get; init; } = _ => { };

        public Action<int> Resumed { get; init; } = _ => { };

        public CheckpointStore Build() => new(FilePath, Fingerprint, Numerics, new CheckpointPolicy { Steps = Steps }, TimeProvider.System)
        {
            Warn = (message, _) => Warn(message),
            Resumed = Resumed,
        };
    }

    private sealed class StepClock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
