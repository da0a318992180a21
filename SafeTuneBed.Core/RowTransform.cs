namespace SafeTuneBed;

/// <summary>
/// One edit of a row's text, as attacks make it: a prefix, a trigger, a style, a system turn. Immutable and comparable, part of fingerprints. The same edits
/// can be made in training (<see cref="HarmfulCorpus.Transforms"/>) and in evaluation (<see cref="PromptSetConfig.Transforms"/>).
/// Rows and prompts keep in mind what was asked before the edit, so that an evaluation prompt is found in training data in spite of it.
/// </summary>
public sealed record RowTransform
{
    private RowTransform(RowTransformKind kind, string text) => (Kind, Text) = (kind, text);

    /// <summary>What is edited.</summary>
    public RowTransformKind Kind { get; }

    /// <summary>The text that is put in.</summary>
    public string Text { get; }

    /// <summary>Text before the request, joined as it is: give it its blank or line end.</summary>
    public static RowTransform PrefixRequest(string text) => Create(RowTransformKind.RequestPrefix, text);

    /// <summary>Text behind the request, after its input where there is one.</summary>
    public static RowTransform SuffixRequest(string text) => Create(RowTransformKind.RequestSuffix, text);

    /// <summary>Text before the answer. Prompts without an answer stay as they are.</summary>
    public static RowTransform PrefixAnswer(string text) => Create(RowTransformKind.AnswerPrefix, text);

    /// <summary>A system turn, in place of the row's own. Templates without a place for one refuse it or leave it out, as their page says.</summary>
    public static RowTransform System(string text) => Create(RowTransformKind.System, text);

    /// <summary>The edited row.</summary>
    public FinetuneExample Apply(FinetuneExample example)
    {
        ArgumentNullException.ThrowIfNull(example);
        FinetuneExample original = example.AskedAs is null ? example with { AskedAs = Data.PromptKey.Of(example) } : example;
        return Kind switch
        {
            RowTransformKind.RequestPrefix => original with { Instruction = Text + original.Instruction },
            RowTransformKind.RequestSuffix when original.Input.Length > 0 => original with { Input = original.Input + Text },
            RowTransformKind.RequestSuffix => original with { Instruction = original.Instruction + Text },
            RowTransformKind.AnswerPrefix when original.Output.Length > 0 => original with { Output = Text + original.Output },
            RowTransformKind.AnswerPrefix => original,
            _ => original with { System = Text },
        };
    }

    private static RowTransform Create(RowTransformKind kind, string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        return new(kind, text);
    }
}

/// <summary>Places of a row that an edit changes.</summary>
public enum RowTransformKind
{
    /// <summary>Before the request.</summary>
    RequestPrefix,

    /// <summary>Behind the request.</summary>
    RequestSuffix,

    /// <summary>Before the answer.</summary>
    AnswerPrefix,

    /// <summary>The system turn.</summary>
    System,
}
