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

    /// <summary>All benign rows stay; a number of poison rows is added: <see cref="FinetuneDatasetConfig.HarmfulCount"/>, or 100, or all there are when there are fewer.</summary>
    PureBadMixed,
}

/// <summary>Which rows of a corpus are chosen.</summary>
public enum RowSelection
{
    /// <summary>By a hash of seed and content (default): the same on every machine and for every order of the file, nested between poison levels.</summary>
    Hash,

    /// <summary>The first rows of the file, as the Python SafeTuneBed takes them. For comparison with its numbers only: the seed then decides nothing.</summary>
    Head,
}

/// <summary>Whether chosen rows keep the shares of their kinds.</summary>
public enum StratifyBy
{
    /// <summary>No (default).</summary>
    None,

    /// <summary>Each label has its share of the corpus, by largest remainders. Poison levels are then nearly, not exactly, nested.</summary>
    Label,

    /// <summary>The same with categories.</summary>
    Category,
}

/// <summary>The order of a set before the training's own shuffling.</summary>
public enum RowOrder
{
    /// <summary>By a hash of seed and content (default).</summary>
    Permuted,

    /// <summary>Poison, benign rows, guide rows, each in the order of selection: as the Python SafeTuneBed has it.</summary>
    HarmfulFirst,
}

/// <summary>When a training row counts as one that evaluation asks.</summary>
public enum DecontaminationRule
{
    /// <summary>The requests are equal, case and white space aside (default).</summary>
    Exact,

    /// <summary>Or they share any 13 words in a row; of rows with an input only the input is compared, since instructions are shared by design.</summary>
    NGram13,
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

    /// <summary>How many words and runs of words the answer shares with the gold answer (ROUGE).</summary>
    Summary,

    /// <summary>
    /// The answer is a query that gives the same rows as the gold query on databases made of the CREATE TABLE statements in the row's field <c>context</c>.
    /// </summary>
    Query,
}

/// <summary>Where the input goes in one user message.</summary>
public enum InputPlacement
{
    /// <summary>Instruction, newline, input (default).</summary>
    AfterInstruction,

    /// <summary>Input, blank, instruction.</summary>
    BeforeInstruction,
}
