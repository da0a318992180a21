using SafeTuneBed.Running;

namespace SafeTuneBed;

/// <summary>What has to be done for a training or an evaluation.</summary>
public enum PlannedWork
{
    /// <summary>Finished on disk with the same full fingerprint: nothing to do.</summary>
    Reuse,

    /// <summary>Answers exist; they are scored again without a model.</summary>
    Score,

    /// <summary>It runs, from the start or from where it stopped.</summary>
    Run,
}

/// <summary>One evaluator of one cell.</summary>
/// <param name="Evaluator">The entry as the grid names it.</param>
/// <param name="Items">Items to judge.</param>
/// <param name="Work">What has to be done.</param>
public sealed record PlannedEvaluation(string Evaluator, int Items, PlannedWork Work);

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

    /// <summary>Optimizer steps.</summary>
    public int Steps { get; init; }

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

/// <summary>What a grid will do before anything is spent: cells, rows, steps, what is reused, what is missing. No weight was loaded to make it.</summary>
public sealed class GridPlan
{
    internal GridPlan(string name, IReadOnlyList<PlannedCell> cells, IReadOnlyList<string> problems)
    {
        (Name, Cells, Problems) = (name, cells, problems);
    }

    /// <summary>The grid's name.</summary>
    public string Name { get; }

    /// <summary>The cells, in the order of the grid; empty when the grid itself is not valid.</summary>
    public IReadOnlyList<PlannedCell> Cells { get; }

    /// <summary>What stands in the way, one sentence or two each, with the remedy. <see cref="ExperimentRunner.RunAsync"/> refuses to start while there is any.</summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>Whether the grid can run.</summary>
    public bool CanRun => Problems.Count == 0;

    /// <summary>Optimizer steps still to be made.</summary>
    public long RemainingSteps => Cells.Where(c => c.Training == PlannedWork.Run).Sum(c => (long)c.Steps);

    /// <summary>Cells that run at the same time.</summary>
    public int Concurrency { get; internal init; } = 1;

    /// <summary>Bytes of the weights held at the same time by all cells at work; an estimate of the largest part of the memory.</summary>
    public long WeightBytes { get; internal init; }

    /// <summary>The folder of the grid's runs.</summary>
    public string Folder { get; internal init; } = "";

    /// <summary>A table for the console.</summary>
    public override string ToString() => PlanText.Write(this);
}
