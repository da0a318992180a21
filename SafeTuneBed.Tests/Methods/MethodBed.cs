using SafeTuneBed.Tests.Core.Training;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Training;

namespace SafeTuneBed.Tests.Methods;

/// <summary>What the tests of methods see of a run on the small fixture model.</summary>
internal static class MethodBed
{
    /// <summary>Trains under watch; the trained numbers are not needed.</summary>
    public static void Watch(this LoopBed bed, WatchedHooks hooks, TrainingContext context)
    {
        using (context)
        {
            using var loop = new TrainingLoop(context, hooks, bed.Decoder);
            loop.Run(CancellationToken.None).Dispose();
        }
    }

    /// <summary>Row numbers of the first batches of the user's rows, or of a stream, when every one is taken.</summary>
    public static int[][] Batches(this LoopBed bed, TrainingConfig config, string? stream = null)
    {
        var batches = new List<int[]>();
        bed.Train(
            new ScriptedMethod
            {
                Asked = stream is null ? MethodNeeds.None : MethodNeeds.Stream(stream),
                Compute = step =>
                {
                    batches.Add([.. (stream is null ? step.Batch : step.Stream(stream).Next()).RowIds]);
                    step.AccumulateLoss(step.Batch);
                },
            },
            bed.Context(config));
        return [.. batches];
    }

    /// <summary>Stops after a step, goes on from the checkpoint in another instance, and gives the trained numbers.</summary>
    public static float[] TrainInTwoParts(this LoopBed bed, Func<MethodAlgorithm> create, TrainingConfig config, int stopAt)
    {
        string folder = Directory.CreateTempSubdirectory("safetunebed-").FullName;
        try
        {
            var resumed = new List<int>();
            CheckpointStore Store() => new(Path.Combine(folder, "state.safetensors"), "f", 1, new CheckpointPolicy(), TimeProvider.System) { Resumed = resumed.Add };
            using var stop = new CancellationTokenSource();
            var watch = new LoopBed.Collector
            {
                Then = progress =>
                {
                    if (progress.Step == stopAt)
                    {
                        stop.Cancel();
                    }
                },
            };
            Assert.ThrowsAny<OperationCanceledException>(() => bed.Train(create(), bed.Context(config, progress: watch, checkpoints: Store()), stop.Token));
            float[] trained = bed.Train(create(), bed.Context(config, checkpoints: Store()));
            Assert.Equal([stopAt], resumed);
            return trained;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>All trainable numbers, in order.</summary>
    public static float[] Numbers(ParameterSet parameters) => [.. parameters.Names.SelectMany(n => parameters[n].detach().contiguous().data<float>().ToArray())];

    /// <summary>The optimizer's gradients of all trainable numbers, in order.</summary>
    public static float[] Gradients(ParameterSet parameters) => [.. parameters.Names.SelectMany(n => parameters[n].grad!.contiguous().data<float>().ToArray())];
}
