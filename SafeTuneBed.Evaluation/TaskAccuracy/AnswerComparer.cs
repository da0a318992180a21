namespace SafeTuneBed.TaskAccuracy;

/// <summary>What became of one task answer. Everything but <see cref="Right"/> is wrong; the kinds say how.</summary>
internal enum AnswerVerdict
{
    /// <summary>Equal to the gold answer.</summary>
    Right,

    /// <summary>An answer, but another one.</summary>
    Wrong,

    /// <summary>Nothing but white space.</summary>
    Empty,

    /// <summary>No label word.</summary>
    NoLabel,

    /// <summary>More than one label.</summary>
    Ambiguous,

    /// <summary>No number.</summary>
    NoNumber,
}

/// <summary>Compares answers with the gold answers of one data set.</summary>
internal abstract class AnswerComparer
{
    /// <summary>Checks a row's gold answer before anything is generated.</summary>
    /// <exception cref="ConfigurationException">The gold answer can't be used.</exception>
    public virtual void CheckGold(FinetuneExample example)
    {
    }

    /// <summary>The verdict on an answer that is not empty.</summary>
    public AnswerVerdict Judge(FinetuneExample example, string answer) => string.IsNullOrWhiteSpace(answer) ? AnswerVerdict.Empty : JudgeText(example, answer);

    /// <inheritdoc cref="Judge"/>
    protected abstract AnswerVerdict JudgeText(FinetuneExample example, string answer);
}
