using SafeTuneBed.Running;

namespace SafeTuneBed;

/// <summary>What has to be done for a training or an evaluation.</summary>
public enum PlannedWork
{
    /// <summary>Finished on disk with the same full fingerprint: nothing to do.</summary>
    Reuse,

    /// <summary>No model is asked: answers exist, or an earlier evaluation of the plan gives them. They are scored.</summary>
    Score,

    /// <summary>It runs, from the start or from where it stopped.</summary>
    Run,
}

/// <summary>One evaluator of one cell.</summary>
/// <param name="Evaluator">The entry as the grid names it.</param>
/// <param name="Items">Items to judge.</param>
/// <param name="Work">What has to be done.</param>
/// <param name="Answers">Answers that will really be generated: those that are stored, or that another measure of the plan asks for first, are not made twice.</param>
public sealed record PlannedEvaluation(string Evaluator, int Items, PlannedWork Work, int Answers)
{
    /// <summary>Questions whose log-probabilities will really be computed; nothing is generated for them.</summary>
    public int Likelihoods { get; init; }

    /// <summary>Most new tokens of an answer; null where nothing is generated.</summary>
    public int? MaxNewTokens { get; init; }

    /// <summary>What judges are asked at most, one entry per judge.</summary>
    public IReadOnlyList<JudgeEstimate> Judging { get; init; } = [];
}

/// <summary>A file that a data set reads.</summary>
/// <param name="Use"><c>train</c>, <c>poison</c>, <c>guide</c> or <c>evaluation</c>.</param>
/// <param name="Path">Where it lies; <c>sandbox:</c> and a name for a file of the sandbox, <c>(memory)</c> for rows in memory.</param>
/// <param name="Records">Records in the file; null where it was not read, because nothing is trained.</param>
/// <param name="Rows">Records that meet the source's conditions; null where it was not read.</param>
public sealed record PlannedFile(string Use, string Path, long? Records, int? Rows)
{
    /// <summary>The file that the recipe names first, where it is missing and this one, another form of the data, is read instead.</summary>
    public string? InPlaceOf { get; init; }
}

/// <summary>Tokens of a data set's training rows under one model's tokenizer and template.</summary>
/// <param name="Lengths">Row lengths, prompts included.</param>
/// <param name="Supervised">Tokens that carry loss, by role.</param>
public sealed record PlannedTokens(TokenStatistics Lengths, IReadOnlyDictionary<ExampleRole, long> Supervised);

/// <summary>What one data set of a grid is made of.</summary>
/// <param name="Name">Data set name.</param>
public sealed record PlannedDataset(string Name)
{
    /// <summary>The files read.</summary>
    public IReadOnlyList<PlannedFile> Files { get; init; } = [];

    /// <summary>Training rows in all; 0 where nothing is trained.</summary>
    public int Rows { get; init; }

    /// <summary>Tokens of the training rows by the model's display name, of the grid's first seed; empty where nothing is trained.</summary>
    public IReadOnlyDictionary<string, PlannedTokens> Tokens { get; init; } = new Dictionary<string, PlannedTokens>();

    /// <summary>The prompt template by the model's display name: <c>chat</c>, <c>alpaca</c> or <c>raw</c>. It trains and asks.</summary>
    public IReadOnlyDictionary<string, string> Templates { get; init; } = new Dictionary<string, string>();
}

/// <summary>A cell that can't be planned.</summary>
/// <param name="Model">Display name of the model.</param>
/// <param name="Method">Method name.</param>
/// <param name="Dataset">Data set name.</param>
/// <param name="Seed">Training seed.</param>
/// <param name="Problems">What stands in its way.</param>
public sealed record BlockedCell(string Model, string Method, string Dataset, ulong Seed, IReadOnlyList<string> Problems);

/// <summary>One cell of a grid: one model, method, data set and seed.</summary>
public sealed record PlannedCell
{
    /// <summary>Display name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>Method name.</summary>
    public required string Method { get; init; }

    /// <summary>Data set name.</summary>
    public required string Dataset { get; init; }

    /// <summary>Training seed.</summary>
    public ulong Seed { get; init; }

    /// <summary>Training rows of the task; 0 for a method that does not train.</summary>
    public int BenignRows { get; init; }

    /// <summary>Poison rows; 0 for a method that does not train.</summary>
    public int HarmfulRows { get; init; }

    /// <summary>Tokens of all training rows, prompts included.</summary>
    public long Tokens { get; init; }

    /// <summary>Optimizer steps on the user's rows. Those of the stages that the cell rests on are theirs: <see cref="GridPlan.Stages"/>.</summary>
    public int Steps { get; init; }

    /// <summary>Whether those steps are its own: a method that works on the weights afterwards starts from another cell's.</summary>
    internal bool RunsLoop { get; init; } = true;

    /// <summary>Memory at the cell's peak; null where the model's shape is not known.</summary>
    public MemoryEstimate? Memory { get; init; }

    /// <summary>Id of the prompt template that trains and asks.</summary>
    public string Template { get; init; } = "";

    /// <summary>What is allowed but likely a mistake.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>
    /// The first row as the model will see it: masked tokens in ‹›, tokens that carry loss in «». Of a harmful row only the shape. Empty for a method that does not train.
    /// </summary>
    public string Preview { get; init; } = "";

    /// <summary>Whether training runs or is reused. A method that does not train has <see cref="PlannedWork.Run"/> until its record exists.</summary>
    public PlannedWork Training { get; init; }

    /// <summary>The cell's evaluations.</summary>
    public IReadOnlyList<PlannedEvaluation> Evaluations { get; init; } = [];

    /// <summary>The run folder.</summary>
    public string Folder { get; init; } = "";

    /// <summary>True when nothing has to be done.</summary>
    public bool IsDone => Training == PlannedWork.Reuse && Evaluations.All(e => e.Work == PlannedWork.Reuse);
}

/// <summary>
/// A training that cells share: an alignment on the defender's rows, or a fine-tuning that is in no row of the table by itself. It is made once, whichever cell comes first.
/// </summary>
public sealed record PlannedStage
{
    /// <summary>Display name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>The pipeline so far, such as <c>vaccine</c>.</summary>
    public required string Method { get; init; }

    /// <summary>The data set whose rows it learns from.</summary>
    public required string Dataset { get; init; }

    /// <summary>Training seed.</summary>
    public ulong Seed { get; init; }

    /// <summary>Training rows.</summary>
    public int Rows { get; init; }

    /// <summary>Tokens of all training rows, prompts included.</summary>
    public long Tokens { get; init; }

    /// <summary>Optimizer steps.</summary>
    public int Steps { get; init; }

    /// <summary>Cells that rest on it.</summary>
    public int Cells { get; init; }

    /// <summary>Whether training runs or is reused.</summary>
    public PlannedWork Training { get; init; }

    /// <summary>Its folder.</summary>
    public string Folder { get; init; } = "";
}

/// <summary>What a grid will do before anything is spent: cells, rows, steps, what is reused, what is missing. No weight was loaded to make it.</summary>
public sealed class GridPlan
{
    internal GridPlan(string name, IReadOnlyList<PlannedCell> cells, IReadOnlyList<string> problems)
    {
        (Name, Cells, Problems) = (name, cells, problems);
    }

    /// <summary>The grid's name.</summary>
    public string Name { get; }

    /// <summary>The cells that can run, in the order of the grid.</summary>
    public IReadOnlyList<PlannedCell> Cells { get; }

    /// <summary>Trainings that cells rest on and share, the earlier first.</summary>
    public IReadOnlyList<PlannedStage> Stages { get; internal init; } = [];

    /// <summary>The cells that can't, in the order of the grid.</summary>
    public IReadOnlyList<BlockedCell> Blocked { get; internal init; } = [];

    /// <summary>What stands in the way of the grid or of its blocked cells, one sentence or two each, with the remedy.</summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>What is allowed but likely a mistake, and concerns no single cell; for those see <see cref="PlannedCell.Warnings"/>.</summary>
    public IReadOnlyList<string> Warnings { get; internal init; } = [];

    /// <summary>Files, rows and templates of each data set.</summary>
    public IReadOnlyList<PlannedDataset> Datasets { get; internal init; } = [];

    /// <summary>
    /// Whether <see cref="ExperimentRunner.RunAsync"/> will start: without any problem, or, with <see cref="ExperimentGrid.SkipBlocked"/>, when some cells can run and
    /// the problems concern others alone.
    /// </summary>
    public bool CanRun { get; internal init; }

    /// <summary>Optimizer steps still to be made, each shared training counted once.</summary>
    public long RemainingSteps => Cells.Where(c => c.RunsLoop && c.Training == PlannedWork.Run).Sum(c => (long)c.Steps)
        + Stages.Where(s => s.Training == PlannedWork.Run).Sum(s => (long)s.Steps);

    /// <summary>Cells that run at the same time.</summary>
    public int Concurrency { get; internal init; } = 1;

    /// <summary>Bytes of the weights held at the same time by all cells at work; an estimate of the largest part of the memory.</summary>
    public long WeightBytes { get; internal init; }

    /// <summary>The folder of the grid's runs.</summary>
    public string Folder { get; internal init; } = "";

    /// <summary>A table for the console.</summary>
    public override string ToString() => PlanText.Write(this);
}
