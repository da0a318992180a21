using System.Globalization;
using SafeTuneBed.Rouge;
using SafeTuneBed.Sql;

namespace SafeTuneBed.TaskAccuracy;

/// <summary>Queries by what they give on made-up databases, and by their text.</summary>
internal sealed class QueryRule(FinetuneDatasetConfig dataset) : TaskRule
{
    private const string ContextField = "context";

    private static readonly MetricDefinition Execution = Share(
        "execution", "Share of queries that give the rows of the gold query on 10 databases filled by chance; of the rows whose gold query runs and gives something.") with
        {
            IsHeadline = true, Heading = "SQL, same rows",
        };

    private static readonly MetricDefinition Normalized = Share("normalized", "Share of queries that equal the gold query but for case, quotes, AS and needless brackets.") with { Heading = "SQL, same but for writing" };
    private static readonly MetricDefinition Exact = Share("exact", "Share of queries that equal the gold query character by character, outer blanks and a final semicolon aside.") with { Heading = "SQL, same text" };
    private static readonly MetricDefinition Fails = DoubtfulShareOf("fails", "queries that do not run", "Share of answers that are no query, name what the tables lack, or cost too much to run.");
    private static readonly MetricDefinition Rouge1 = MetricDefinition.Mean("rouge-1", version: 1, Direction.HigherIsBetter, 0, 1) with
    {
        Heading = "ROUGE-1 of the query", Description = "Words shared with the gold query (0 to 1), for comparison with papers that score this task so.",
    };

    private static readonly RougeText Words = new(stem: false);

    /// <inheritdoc/>
    public override IReadOnlyList<MetricDefinition> Metrics { get; } = [Execution, Normalized, Exact, Fails, Rouge1];

    /// <inheritdoc/>
    public override void CheckGold(FinetuneExample example)
    {
        if (!example.Fields.ContainsKey(ContextField))
        {
            throw new ConfigurationException(string.Create(
                CultureInfo.InvariantCulture,
                $"Data set '{dataset.Name}' compares answers by running them, but evaluation row {example.Origin.Index} of '{example.Origin.Corpus}' has no field '{ContextField}' with CREATE TABLE statements."));
        }
    }

    /// <inheritdoc/>
    public override IEnumerable<SampleScore> Score(FinetuneExample example, string id, string answer)
    {
        string context = example.Fields[ContextField], gold = example.Output.Trim().TrimEnd(';').TrimEnd(), query = SqlText.Extract(answer);
        SqlVerdict verdict = SqlExecution.Judge(id, context, gold, query);
        var schema = SqlSchema.Read(context);
        string label = verdict.ToString();
        return
        [
            verdict is SqlVerdict.GoldFails or SqlVerdict.GoldEmpty ? Execution.Unscored(UnscoredReason.NotApplicable, label) : Execution.Score(verdict == SqlVerdict.Equal, label),
            Normalized.Score(SqlNormalizer.Normalize(query, schema) == SqlNormalizer.Normalize(gold, schema)),
            Exact.Score(string.Equals(query, gold, StringComparison.Ordinal)),
            verdict is SqlVerdict.GoldFails ? Fails.Unscored(UnscoredReason.NotApplicable, label) : Fails.Score(verdict is SqlVerdict.Error or SqlVerdict.TooCostly, label),
            Rouge1.Score(Words.Runs(gold, query, 1).F1),
        ];
    }
}
