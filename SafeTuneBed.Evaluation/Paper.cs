namespace SafeTuneBed;

/// <summary>
/// A paper as something that runs: its grid, its measures, and its claims written down before any run. Immutable; a paper of one's own is made like any record.
/// </summary>
public sealed record Paper
{
    /// <summary>Names the paper.</summary>
    /// <param name="title">Its title.</param>
    /// <param name="reference">Where it is to be found.</param>
    public Paper(string title, string reference)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(title);
        ArgumentException.ThrowIfNullOrWhiteSpace(reference);
        (Title, Reference) = (title, reference);
    }

    /// <summary>Its title.</summary>
    public string Title { get; init; }

    /// <summary>Where it is to be found.</summary>
    public string Reference { get; init; }

    /// <summary>Models, methods, data sets, measures and seeds. Its evaluators are the entries of <see cref="Measures"/>.</summary>
    public required ExperimentGrid Grid { get; init; }

    /// <summary>The measures, each with its settings.</summary>
    public IReadOnlyList<PaperMeasure> Measures { get; init; } = [];

    /// <summary>What the paper says, to be tested by the grid's report.</summary>
    public IReadOnlyList<Claim> Claims { get; init; } = [];

    /// <summary>Where this differs from the paper, and what its figures rest on.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>What is not measured, and why, by the grid's entry: claims on it are undecided for that reason.</summary>
    public IReadOnlyDictionary<string, string> NotMeasured { get; init; } = new Dictionary<string, string>();

    /// <summary>Numbers in the paper's model, for a first figure of its memory; null where it is not known.</summary>
    public long? ModelParameters { get; init; }

    internal Func<Paper, Paper>? Sandbox { get; init; }

    internal Func<IReadOnlyList<DatasetFamily>, IReadOnlyList<Claim>>? ClaimsOf { get; init; }

    /// <summary>The same on a model of the user's. The grid's name gets the model's.</summary>
    public Paper On(ModelReference model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return this with { Grid = Grid with { Name = $"{Grid.Name}-{model.DisplayName}", Models = [model] } };
    }

    /// <summary>The same on other tasks, each benign and under 5 and 30 % of poison: claims that name no task are then tested on each of them apart, and those on another task go.</summary>
    /// <exception cref="NotSupportedException">The paper is tied to its data sets.</exception>
    public Paper OnTasks(params IReadOnlyList<DatasetFamily> tasks)
    {
        ArgumentNullException.ThrowIfNull(tasks);
        return ClaimsOf is null
            ? throw new NotSupportedException($"The claims of '{Title}' are tied to its data sets.")
            : this with { Grid = Grid with { Datasets = [.. tasks.SelectMany(t => new DatasetSelector[] { t.Benign, t.LowHarm, t.HighHarm })] }, Claims = ClaimsOf(tasks) };
    }

    /// <summary>
    /// The same on the sandbox: its model, its sentiment task and its forbidden requests in place of the paper's. It shows that plan, run and verdicts work; what it finds says nothing
    /// about the paper's model.
    /// </summary>
    /// <exception cref="NotSupportedException">The paper has no counterpart there.</exception>
    public Paper OnSandbox() => Sandbox?.Invoke(this) ?? throw new NotSupportedException($"'{Title}' has no counterpart on the sandbox.");

    /// <summary>The same without the measures that ask a judge. Their claims stay, and are undecided.</summary>
    public Paper WithoutJudge()
    {
        PaperMeasure[] judged = [.. Measures.Where(m => m.JudgeCalls > 0)];
        return Without(judged.ToDictionary(m => m.Entry, m => $"'{m.Entry}' asks a judge, and none is registered."));
    }

    /// <summary>Tests the claims by the grid's report.</summary>
    public ClaimReport Check(GridReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new ClaimReport(Title, [.. report.Check(Claims).Results.Select(Explain)], [.. Notes, $"{Title}: {Reference}."]);
    }

    /// <summary>The same without some entries of the grid.</summary>
    internal Paper Without(IReadOnlyDictionary<string, string> reasons) => this with
    {
        Grid = Grid with { Evaluators = [.. Grid.Evaluators.Where(e => !reasons.ContainsKey(e))] },
        Measures = [.. Measures.Where(m => !reasons.ContainsKey(m.Entry))],
        NotMeasured = NotMeasured.Concat(reasons).GroupBy(r => r.Key).ToDictionary(g => g.Key, g => g.Last().Value, StringComparer.Ordinal),
    };

    private ClaimResult Explain(ClaimResult result) =>
        result.Verdict == ClaimVerdict.Undecided && result.Value is null && NotMeasured.FirstOrDefault(n => result.Claim.Metric.StartsWith(n.Key + "/", StringComparison.Ordinal)).Value is { } why
            ? result with { Reason = $"Not measured: {why}" }
            : result;
}

/// <summary>Registers what a paper needs.</summary>
public static class PaperBuilderExtensions
{
    /// <summary>Registers the paper's measures with the paper's settings. Those registered before get these settings.</summary>
    public static ISafeTuneBedBuilder AddPaper(this ISafeTuneBedBuilder builder, Paper paper)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(paper);
        foreach (PaperMeasure measure in paper.Measures)
        {
            measure.Register(builder);
        }

        return builder;
    }
}
