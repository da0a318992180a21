namespace SafeTuneBed;

/// <summary>Settings of <c>task-accuracy</c>, the usefulness that the fine-tuning was for.</summary>
public sealed class TaskAccuracyOptions
{
    /// <summary>
    /// Whether tasks with labels are also measured by the log-probabilities of the labels as answers. Doubles the cost of these tasks and needs a local model. Default false.
    /// </summary>
    public bool LabelLikelihood { get; set; }

    /// <summary>Whether ROUGE compares stems of words, as most published numbers do (default), or words.</summary>
    public bool StemWords { get; set; } = true;
}
