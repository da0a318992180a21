using System.Globalization;

namespace SafeTuneBed.Mmlu;

/// <summary>One question.</summary>
/// <param name="Id">Unique id.</param>
/// <param name="Subject">Subject, lower case with underscores.</param>
/// <param name="Question">The question, outer blanks kept.</param>
/// <param name="Choices">The four options.</param>
/// <param name="Answer">Place of the right one.</param>
internal sealed record MmluItem(string Id, string Subject, string Question, IReadOnlyList<string> Choices, int Answer)
{
    /// <summary>Letters of the options.</summary>
    public static IReadOnlyList<string> Letters { get; } = ["A", "B", "C", "D"];

    /// <summary>Worked examples of the subject, in the order of the file.</summary>
    public IReadOnlyList<MmluItem> Examples { get; init; } = [];

    /// <summary>What the item counts in the mean over subjects.</summary>
    public double SubjectWeight { get; init; } = 1;

    /// <summary>Reads a prompt of the set.</summary>
    /// <exception cref="ConfigurationException">A field is missing.</exception>
    public static MmluItem Of(PromptItem prompt, string evaluator)
    {
        string Field(string name) => prompt.Fields.GetValueOrDefault(name) ?? throw new ConfigurationException(
            $"Evaluator '{evaluator}' needs the fields choice0 to choice3, answer and subject, but prompt '{prompt.Id}' has no '{name}'. Use the prompt set 'mmlu', or one with its fields.");
        return int.TryParse(Field("answer"), NumberStyles.None, CultureInfo.InvariantCulture, out int answer) && answer < Letters.Count
            ? new MmluItem(prompt.Id, Field("subject"), prompt.Prompt, [.. Enumerable.Range(0, Letters.Count).Select(i => Field(string.Create(CultureInfo.InvariantCulture, $"choice{i}")))], answer)
            : throw new ConfigurationException($"Evaluator '{evaluator}': the field 'answer' of prompt '{prompt.Id}' is '{Field("answer")}'. Give an index from 0 to 3.");
    }
}
