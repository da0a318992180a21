using System.Globalization;
using System.Text;

namespace SafeTuneBed;

/// <summary>What a paper comes to before any weight is there: the grid's outline, its questions and the judge's bill.</summary>
/// <param name="Paper">The paper.</param>
/// <param name="Grid">Cells, rows, steps, missing files.</param>
public sealed record PaperOutline(Paper Paper, GridOutline Grid)
{
    /// <summary>Models that are asked: one a cell, and the untouched model once, whatever data set it stands beside.</summary>
    public int Asked => Grid.Cells.Count(c => c.Trains) + Grid.Cells.Where(c => !c.Trains).DistinctBy(c => (c.Model, c.Method)).Count();

    /// <summary>Answers to generate, those to the tasks' own rows not counted; none is made twice.</summary>
    public long Answers => Paper.Measures.Sum(m => (long)(m.Items ?? 0) * m.Answers) * Asked;

    /// <summary>Requests to the judge at most.</summary>
    public long JudgeCalls => Paper.Measures.Sum(m => (long)(m.Items ?? 0) * m.JudgeCalls) * Asked;

    /// <summary>What the judge costs at most, about.</summary>
    /// <param name="promptPrice">Price of a million tokens sent.</param>
    /// <param name="completionPrice">Price of a million tokens received, in the same currency.</param>
    public decimal JudgeCost(decimal promptPrice, decimal completionPrice) => Asked
        * Paper.Measures.Sum(m => (m.Items ?? 0) * m.JudgeCalls * ((m.TokensSent * promptPrice) + (m.TokensReceived * completionPrice))) / 1_000_000m;

    /// <summary>The outline of a paper under the bed of a runner, in which <see cref="PaperBuilderExtensions.AddPaper"/> was called.</summary>
    /// <exception cref="ConfigurationException">A name of the grid is unknown, or a setting not valid.</exception>
    public static PaperOutline Of(Paper paper, ExperimentRunner runner)
    {
        ArgumentNullException.ThrowIfNull(paper);
        ArgumentNullException.ThrowIfNull(runner);
        return new(paper, runner.Outline(paper.Grid));
    }

    /// <summary>All of it for the console.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Paper.Title} ({Paper.Reference}): {Paper.Claims.Count} claims.\n").Append(Grid);
        foreach (PaperMeasure m in Paper.Measures)
        {
            text.Append(CultureInfo.InvariantCulture, $"Measure {m.Entry}: {m.Text}; {(m.Items is { } items ? string.Create(CultureInfo.InvariantCulture, $"{items:N0} items for each of {Asked} models") : "the task's evaluation rows")}");
            text.Append(CultureInfo.InvariantCulture, $"{(m.JudgeCalls > 0 ? string.Create(CultureInfo.InvariantCulture, $", {(long)(m.Items ?? 0) * m.JudgeCalls * Asked:N0} requests to the judge in all, about {m.TokensSent:N0} tokens sent and {m.TokensReceived:N0} received each") : "")}.\n");
        }

        foreach (string why in Paper.NotMeasured.Values)
        {
            text.Append("Not measured: ").Append(why).Append('\n');
        }

        text.Append(CultureInfo.InvariantCulture, $"In all {Answers:N0} answers beside those to the tasks' own rows, and at most {JudgeCalls:N0} requests to the judge.\n");
        if (Paper.ModelParameters is { } numbers)
        {
            text.Append(CultureInfo.InvariantCulture, $"Memory: {numbers:N0} numbers are {numbers * 2 / 1e9:0.0} GB of weights in 16 bits, {numbers * 4 / 1e9:0.0} GB in 32. What training adds, and all tokens, are counted by the plan once the model's folder is there.\n");
        }

        return text.ToString();
    }
}
