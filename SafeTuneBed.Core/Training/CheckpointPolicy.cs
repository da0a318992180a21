namespace SafeTuneBed.Training;

/// <summary>How often the state of a run is saved: when so much time has passed, or so many optimizer steps where a number is given.</summary>
internal sealed record CheckpointPolicy
{
    /// <summary>Time between two checkpoints. A checkpoint that takes long to write is written more rarely: never more than a twentieth of the time goes into it.</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Optimizer steps between two checkpoints; null leaves it to the time alone.</summary>
    public int? Steps { get; init; }
}

/// <summary>The log that goes with a checkpoint: it is cut back to what it held then.</summary>
internal interface ICheckpointLog
{
    /// <summary>Brings every line to the disk and tells the length in bytes.</summary>
    long Flush();

    /// <summary>Forgets what was written after <paramref name="length"/> bytes. False when there are not so many.</summary>
    bool TryCut(long length);
}
