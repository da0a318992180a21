namespace SafeTuneBed.Running.Conformance;

/// <summary>One training of the battery: how it is made, and what was seen.</summary>
internal sealed class ConformanceRun
{
    public int Steps { get; init; } = 12;

    public int Accumulation { get; init; } = 1;

    public int BatchSize { get; init; } = 4;

    public double Dropout { get; init; } = 0.1;

    /// <summary>Optimizer steps after which it is asked to stop; null lets it end.</summary>
    public int? StopAfter { get; init; }

    /// <summary>Where it leaves its state when it is stopped, and goes on from; null keeps none.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>False: the streams that the method asks for are not given.</summary>
    public bool GivesStreams { get; init; } = true;

    /// <summary>True: losses before and after are measured, and the artifact is saved and read.</summary>
    public bool IsMeasured { get; init; }

    /// <summary>True: streams note what is taken, and know no epochs.</summary>
    public bool NotesBatches { get; init; }

    /// <summary>Batches that are given again, by stream and part.</summary>
    public IReadOnlyDictionary<string, ReplayedStream>? Replay { get; init; }

    /// <summary>Which micro-step of the noted window this run's only one is.</summary>
    public int PartOffset { get; init; }

    /// <summary>Which part of a window is at work.</summary>
    public string Part { get; set; } = "start";

    public Dictionary<string, ReplayedStream> Streams { get; } = new(StringComparer.Ordinal);

    /// <summary>Weights of micro-steps by optimizer step and place in the window.</summary>
    public Dictionary<string, double> Weights { get; } = new(StringComparer.Ordinal);

    public HashSet<string> Fed { get; } = new(StringComparer.Ordinal);

    public HashSet<string> MovedWhileFrozen { get; } = new(StringComparer.Ordinal);

    /// <summary>Live tensors after each step, the method's State left out.</summary>
    public List<long> LiveTensors { get; } = [];

    public int GradientsTouched { get; set; }

    public bool UsedGlobalGenerator { get; set; }

    public IReadOnlyDictionary<string, double> FirstLosses { get; set; } = new Dictionary<string, double>();

    public IReadOnlyDictionary<string, double> LastLosses { get; set; } = new Dictionary<string, double>();

    /// <summary>The optimizer's gradients of the last window, before the hook that sees all of it.</summary>
    public float[] LastGradients { get; set; } = [];

    /// <summary>The trainable numbers at the end.</summary>
    public float[] Values { get; set; } = [];

    /// <summary>Logits of the model at the end of its training, still under it.</summary>
    public float[] LiveLogits { get; set; } = [];

    /// <summary>Logits of the model with the saved and read artifact.</summary>
    public float[] ReadLogits { get; set; } = [];

    /// <summary>Whether the loaded weights were as before afterwards.</summary>
    public bool LeftModelAsItWas { get; set; } = true;

    /// <summary>Whether it was stopped as asked.</summary>
    public bool WasStopped { get; set; }

    /// <summary>Optimizer steps that were reported.</summary>
    public int Reported { get; set; }

    /// <summary>Steps from which it went on.</summary>
    public List<int> Resumed { get; } = [];
}
