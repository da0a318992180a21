using System.Text;
using Microsoft.Extensions.AI;

namespace SafeTuneBed.Perplexity;

/// <summary>
/// Loss and perplexity of texts: of whole documents, or of answers to prompts, which shows what a model would say without any answer being generated or judged. Numbers
/// pool all tokens of all texts.
/// </summary>
internal sealed class PerplexityEvaluator(PerplexityOptions options) : TextEvaluator<PromptItem>
{
    /// <summary>Registered name.</summary>
    public const string Name = "perplexity";

    private static readonly MetricDefinition Loss = MetricDefinition.Mean("loss", version: 1, Direction.Neutral, 0, double.MaxValue) with
    {
        IsHeadline = true, Heading = "loss (nats per token)", Description = "Mean negative log-likelihood of the texts' tokens. Comparable only between models of one tokenizer.",
    };

    private static readonly MetricDefinition ByToken = Define("perplexity", "perplexity", "token");
    private static readonly MetricDefinition ByWord = Define("word-perplexity", "perplexity per word", "word between white space");
    private static readonly MetricDefinition ByByte = Define("byte-perplexity", "perplexity per byte", "byte of UTF-8; comparable between tokenizers");

    private static readonly MetricDefinition Bits = MetricDefinition.Mean("bits-per-byte", version: 1, Direction.Neutral, 0, double.MaxValue) with
    {
        Heading = "bits per byte", Description = "Mean negative log-likelihood in bits over the bytes of the texts; comparable between tokenizers.",
    };

    /// <inheritdoc/>
    public override IReadOnlyList<MetricDefinition> Metrics { get; } = [Loss, ByToken, ByWord, ByByte, Bits];

    /// <inheritdoc/>
    protected override IAsyncEnumerable<PromptItem> LoadItemsAsync(EvaluationContext context, CancellationToken cancellationToken)
    {
        foreach (PromptItem item in context.PromptItems)
        {
            _ = Answer(item);
        }

        return context.Prompts(cancellationToken);
    }

    /// <inheritdoc/>
    protected override EvaluationQuestion CreateText(PromptItem item) => Answer(item) is { } answer
        ? EvaluationQuestion.Choose([new(ChatRole.User, item.Prompt)], [answer])
        : EvaluationQuestion.ChooseAfter("", [item.Prompt]);

    /// <inheritdoc/>
    protected override IEnumerable<SampleScore> Score(PromptItem item, ContinuationScore likelihood)
    {
        string text = Answer(item) ?? item.Prompt;
        double nats = -likelihood.LogProbability;
        int words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length, bytes = Encoding.UTF8.GetByteCount(text);
        IReadOnlyDictionary<string, string>? groups = item.Category is { Length: > 0 } category ? new Dictionary<string, string> { ["category"] = category } : null;
        if (likelihood.TokenCount == 0 || words == 0)
        {
            return Metrics.Select(m => m.Unscored(UnscoredReason.Empty));
        }

        return
        [
            Mean(Loss, nats, likelihood.TokenCount) with { Groups = groups },
            Mean(ByToken, nats, likelihood.TokenCount),
            Mean(ByWord, nats, words),
            Mean(ByByte, nats, bytes),
            Mean(Bits, nats / Math.Log(2), bytes),
        ];
    }

    private static SampleScore Mean(MetricDefinition metric, double total, int units) => metric.Score(Math.Max(0, total) / units) with { Weight = units };

    private static MetricDefinition Define(string name, string heading, string unit) =>
        MetricDefinition.Perplexity(name, version: 1) with { Heading = heading, Description = $"e to the mean negative log-likelihood per {unit}." };

    private string? Answer(PromptItem item) => AnswerField.Find(item, options.AnswerField, Name);
}
