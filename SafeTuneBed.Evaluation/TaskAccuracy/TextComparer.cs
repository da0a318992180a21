namespace SafeTuneBed.TaskAccuracy;

/// <summary>The trimmed texts are equal, character by character; optionally after one opener has been taken from each.</summary>
internal sealed class TextComparer(bool withoutOpener) : AnswerComparer
{
    private static readonly string[] Openers = ["Sure.", "Of course.", "Yes."];

    /// <inheritdoc/>
    protected override AnswerVerdict JudgeText(FinetuneExample example, string answer) =>
        string.Equals(Prepare(answer), Prepare(example.Output), StringComparison.Ordinal) ? AnswerVerdict.Right : AnswerVerdict.Wrong;

    private string Prepare(string text)
    {
        string trimmed = text.Trim();
        return withoutOpener && Openers.FirstOrDefault(o => trimmed.StartsWith(o, StringComparison.Ordinal)) is { } opener ? trimmed[opener.Length..].Trim() : trimmed;
    }
}
