using System.Globalization;
using System.Text;
using SafeTuneBed.Running;

namespace SafeTuneBed;

/// <summary>A cell as far as it is known without a model.</summary>
/// <param name="Model">Display name of the model.</param>
/// <param name="Method">Canonical method name.</param>
/// <param name="Dataset">Data set name.</param>
/// <param name="Seed">Training seed.</param>
/// <param name="Counts">Training rows by role; null for a method that does not train, and where only a file knows them.</param>
/// <param name="Steps">Optimizer steps on the user's rows; 0 where nothing is trained or rows are not known.</param>
public sealed record OutlinedCell(string Model, string Method, string Dataset, ulong Seed, CountPlan? Counts, int Steps)
{
    /// <summary>False for the untouched model.</summary>
    public bool Trains { get; init; } = true;

    /// <summary>Whether <see cref="Steps"/> are its own: a method that works on the weights afterwards starts from another cell's training, or from a stage that it shares.</summary>
    public bool OwnsSteps { get; init; } = true;
}

/// <summary>An alignment, trained once for each model and seed and shared by cells.</summary>
/// <param name="Model">Display name of the model.</param>
/// <param name="Method">The method.</param>
/// <param name="Seed">Training seed.</param>
/// <param name="Rows">Rows at most; null where only a file knows them.</param>
/// <param name="Steps">Optimizer steps at most.</param>
/// <param name="Cells">Cells that rest on it.</param>
public sealed record OutlinedStage(string Model, string Method, ulong Seed, int? Rows, int Steps, int Cells);

/// <summary>
/// What a grid comes to, as far as it is known without opening a model or reading a row: cells, rows, steps, and files that are missing. For a grid whose weights are not there yet;
/// <see cref="ExperimentRunner.PlanAsync"/> says more where they are.
/// </summary>
public sealed record GridOutline
{
    /// <summary>The grid's name.</summary>
    public required string Name { get; init; }

    /// <summary>Every cell.</summary>
    public required IReadOnlyList<OutlinedCell> Cells { get; init; }

    /// <summary>Alignments that cells share.</summary>
    public required IReadOnlyList<OutlinedStage> Stages { get; init; }

    /// <summary>What is missing of models, data sets, streams and prompt sets, each with what it is and where it is from; licences that are not accepted too.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>Optimizer steps, each shared training counted once.</summary>
    public long Steps => Cells.Where(c => c.OwnsSteps).Sum(c => (long)c.Steps) + Stages.Sum(s => (long)s.Steps);

    /// <summary>A table for the console: a line for each method and data set, seeds together.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Grid '{Name}': {Cells.Count} cells, {Steps:N0} optimizer steps, without a look at any model.\n");
        string[][] lines =
        [
            ["method", "data set", "seeds", "benign", "harmful", "steps a seed"],
            .. Cells.GroupBy(c => (c.Model, c.Method, c.Dataset)).Select(g => new[]
            {
                g.Key.Method, g.Key.Dataset, Number(g.Count()), Number(g.First().Counts?.Benign ?? 0), Number(g.First().Counts?.Harmful ?? 0),
                g.First().OwnsSteps ? Number(g.First().Steps) : "shared",
            }),
        ];
        int[] widths = [.. Enumerable.Range(0, lines[0].Length).Select(i => lines.Max(l => l[i].Length))];
        foreach (string[] line in lines)
        {
            text.Append(string.Join("  ", line.Select((cell, i) => i < 2 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i])))).Append('\n');
        }

        foreach (OutlinedStage stage in Stages)
        {
            text.Append(CultureInfo.InvariantCulture, $"Shared by {stage.Cells} cells: {stage.Method}, seed {stage.Seed}, at most {stage.Rows?.ToString("N0", CultureInfo.InvariantCulture) ?? "all"} rows, {stage.Steps:N0} steps.\n");
        }

        foreach (string missing in Missing)
        {
            text.Append("Missing: ").Append(missing).Append('\n');
        }

        return text.ToString();
    }

    private static string Number(int value) => value == 0 ? "-" : value.ToString("N0", CultureInfo.InvariantCulture);
}
