namespace SafeTuneBed;

/// <summary>How poison and benign rows are counted.</summary>
public enum MixMode
{
    /// <summary>The total is fixed: poison replaces benign rows (default).</summary>
    Replace,

    /// <summary>All benign rows stay; poison is added until it has its share.</summary>
    Add,

    /// <summary>The number of poison rows is given (<see cref="FinetuneDatasetConfig.HarmfulCount"/>).</summary>
    Absolute,

    /// <summary>Poison only.</summary>
    PureBad,
}

/// <summary>What happens when a corpus holds too few rows. Never silent.</summary>
public enum ShortagePolicy
{
    /// <summary>Stop with <see cref="InsufficientRecordsException"/> (default).</summary>
    Throw,

    /// <summary>Use what there is; the manifest states the shortfall and the realised ratio.</summary>
    UseAll,

    /// <summary>Repeat rows; the manifest says so.</summary>
    WithReplacement,
}

/// <summary>What happens to rows longer than the maximum length.</summary>
public enum LengthPolicy
{
    /// <summary>Such rows are left out before selection, so counts stay exact (default).</summary>
    ExcludeBeforeSelection,

    /// <summary>The input field is cut from its end; instruction and answer stay whole.</summary>
    TruncateInput,

    /// <summary>The answer is cut; its end token is lost and the row is flagged.</summary>
    TruncateTarget,

    /// <summary>Stop with an error.</summary>
    Throw,
}

/// <summary>How a task answer is compared with the gold answer.</summary>
public enum AnswerRule
{
    /// <summary>The trimmed texts are equal.</summary>
    Exact,

    /// <summary>The answer holds exactly one label, as a whole word, and it is the gold label; no label or several are wrong.</summary>
    Label,

    /// <summary>The number after the last "answer is:" (or the last number) is equal.</summary>
    FinalNumber,

    /// <summary>As <see cref="Exact"/>, after leaving out an opener such as "Sure." from both texts.</summary>
    ExactWithoutOpener,
}

/// <summary>Where the input goes in one user message.</summary>
public enum InputPlacement
{
    /// <summary>Instruction, newline, input (default).</summary>
    AfterInstruction,

    /// <summary>Input, blank, instruction.</summary>
    BeforeInstruction,
}
