using System.Globalization;

namespace SafeTuneBed.TaskAccuracy;

/// <summary>The number that an answer ends on equals the gold answer's, as numbers: 72.00 is 72, and 3/4 is 0.75.</summary>
internal sealed class NumberComparer(FinetuneDatasetConfig dataset) : AnswerComparer
{
    /// <inheritdoc/>
    public override void CheckGold(FinetuneExample example)
    {
        if (FinalNumber.Find(example.Output) is null)
        {
            throw new ConfigurationException(string.Create(
                CultureInfo.InvariantCulture,
                $"Data set '{dataset.Name}' compares answers by number, but the gold answer of evaluation row {example.Origin.Index} of '{example.Origin.Corpus}' holds none."));
        }
    }

    /// <inheritdoc/>
    protected override AnswerVerdict JudgeText(FinetuneExample example, string answer) => FinalNumber.Find(answer) is { } number
        ? (number == FinalNumber.Find(example.Output) ? AnswerVerdict.Right : AnswerVerdict.Wrong)
        : AnswerVerdict.NoNumber;
}
