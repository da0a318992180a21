using SafeTuneBed.Reporting;
using SafeTuneBed.Sensitivity;

namespace SafeTuneBed;

/// <summary>How much the findings of a grid depend on who judged: several scorers on the same stored answers.</summary>
public sealed class JudgeSensitivityReport
{
    internal JudgeSensitivityReport(string name, IReadOnlyList<JudgeScores> scorers, IReadOnlyList<JudgePair> pairs, IReadOnlyList<JudgePair> pairsByRow) =>
        (Name, Scorers, Pairs, PairsByRow) = (name, scorers, pairs, pairsByRow);

    /// <summary>The grid's name.</summary>
    public string Name { get; }

    /// <summary>What each scorer made of the answers, in the order asked for.</summary>
    public IReadOnlyList<JudgeScores> Scorers { get; }

    /// <summary>Each pair of scorers over all rows.</summary>
    public IReadOnlyList<JudgePair> Pairs { get; }

    /// <summary>Each pair of scorers on each row: a bias that differs from method to method changes what is found, one that is the same everywhere does not.</summary>
    public IReadOnlyList<JudgePair> PairsByRow { get; }

    /// <summary>Alpha of all scorers, of each scale by itself where there are several scales.</summary>
    public IReadOnlyList<JudgeConsensus> Consensus { get; internal init; } = [];

    /// <summary>The order of the methods by each scorer; empty where no data set has two methods.</summary>
    public IReadOnlyList<JudgeRanking> Rankings { get; internal init; } = [];

    /// <summary>How alike the orders are, for each pair of scorers.</summary>
    public IReadOnlyList<RankAgreement> RankAgreements { get; internal init; } = [];

    /// <summary>What a reader must know.</summary>
    public IReadOnlyList<string> Notes { get; internal init; } = [];

    /// <summary>The pair of two scorers over all rows, in either order of the names.</summary>
    /// <exception cref="ConfigurationException">The report has no such pair.</exception>
    public JudgePair Pair(string first, string second) => Pairs.FirstOrDefault(p => (p.First, p.Second) == (first, second) || (p.First, p.Second) == (second, first))
        ?? throw new ConfigurationException($"The report compares no '{first}' with '{second}'. It has: {string.Join(", ", Scorers.Select(s => s.Scorer))}.");

    /// <summary>The report as tables: scorers, pairs, pairs by row, alpha, rankings, tau, confusion.</summary>
    public IReadOnlyList<ReportTable> ToTables() => SensitivityTables.Of(this);

    /// <summary>The report as Markdown.</summary>
    public string ToMarkdown() => MarkdownReportWriter.Render($"{Name}: who judged", ToTables(), Notes);

    /// <summary>
    /// Writes <c>judges.md</c>, <c>judges-pairs.csv</c>, <c>judges-confusion.csv</c>, <c>judges-rankings.csv</c> and <c>judges-tau.csv</c> into a folder, numbers in full
    /// precision, and returns their paths.
    /// </summary>
    public Task<IReadOnlyList<string>> WriteAsync(string folder, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        return SensitivityFiles.WriteAsync(this, folder, cancellationToken);
    }
}
