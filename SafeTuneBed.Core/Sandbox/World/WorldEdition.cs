namespace SafeTuneBed.Sandbox.World;

/// <summary>Which grammar a world is written in.</summary>
internal enum WorldEdition
{
    /// <summary>The grammar of the embedded sandbox: world 0 gives its data files byte for byte.</summary>
    First,

    /// <summary>
    /// No training file repeats a prompt, no small instruction of the test occurs in training, the query task has 8,400 questions in place of 4,200,
    /// and plain documents of pretraining hold the words of every task's short answer, without which a small adapter can't learn to say them.
    /// </summary>
    Second,
}
