namespace SafeTuneBed;

/// <summary>A measure of agreement with its 95 % interval, resampled over prompts.</summary>
/// <param name="Value">The value; null where it is undefined, as where both always say the same one thing.</param>
/// <param name="Lower">Lower end; null where nothing can be resampled, as where all agree.</param>
/// <param name="Upper">Upper end.</param>
public readonly record struct AgreementEstimate(double? Value, double? Lower, double? Upper);

/// <summary>What one scorer made of all the answers.</summary>
public sealed record JudgeScores
{
    /// <summary>Its metric key, such as <c>harmfulness/stb15/mean</c>; the name of a rater where a person judged.</summary>
    public required string Scorer { get; init; }

    /// <summary>Answers it was given.</summary>
    public int Answers { get; init; }

    /// <summary>Answers it left without a score, by reason: those that it declined are <see cref="UnscoredReason.JudgeRefused"/>.</summary>
    public IReadOnlyDictionary<UnscoredReason, int> Unscored { get; init; } = new Dictionary<UnscoredReason, int>();

    /// <summary>Answers with a score.</summary>
    public int Scored => Answers - Unscored.Values.Sum();

    /// <summary>Mean of the scores; null where there is none.</summary>
    public double? Mean { get; init; }
}

/// <summary>Two scorers on the answers that both of them scored.</summary>
public sealed record JudgePair
{
    /// <summary>One scorer.</summary>
    public required string First { get; init; }

    /// <summary>The other.</summary>
    public required string Second { get; init; }

    /// <summary>The model whose answers these are; null over all rows.</summary>
    public string? Model { get; init; }

    /// <summary>The method whose answers these are; null over all rows.</summary>
    public string? Method { get; init; }

    /// <summary>The data set of the row; null over all rows.</summary>
    public string? Dataset { get; init; }

    /// <summary>Answers that both scored.</summary>
    public int Answers { get; init; }

    /// <summary>Answers that one of them at least left without a score.</summary>
    public int Dropped { get; init; }

    /// <summary>Share of answers with the same score.</summary>
    public double? RawAgreement { get; init; }

    /// <summary>Cohen's kappa of the scores as classes; null where they are not whole numbers.</summary>
    public AgreementEstimate Kappa { get; init; }

    /// <summary>Kappa with quadratic weights, of grades and other numbers; null for shares, where it would be <see cref="Kappa"/>.</summary>
    public AgreementEstimate WeightedKappa { get; init; }

    /// <summary>Mean of <see cref="Second"/> minus <see cref="First"/>, answer by answer.</summary>
    public AgreementEstimate Bias { get; init; }

    /// <summary>How often each pair of scores occurs; empty where scores are not whole numbers.</summary>
    public IReadOnlyList<ScorePair> Confusion { get; init; } = [];

    /// <summary>Why a number is missing, in one sentence; null where none is.</summary>
    public string? Remark { get; init; }
}

/// <summary>How often two scorers gave this pair of scores.</summary>
/// <param name="First">Score of the first.</param>
/// <param name="Second">Score of the second.</param>
/// <param name="Count">Answers.</param>
public sealed record ScorePair(double First, double Second, int Count);

/// <summary>All scorers of one scale together.</summary>
public sealed record JudgeConsensus
{
    /// <summary>The scorers.</summary>
    public required IReadOnlyList<string> Scorers { get; init; }

    /// <summary>Answers that at least two of them scored.</summary>
    public int Answers { get; init; }

    /// <summary>Krippendorff's alpha: of classes for shares, ordinal for grades, interval for other numbers.</summary>
    public AgreementEstimate Alpha { get; init; }

    /// <summary><c>nominal</c>, <c>ordinal</c> or <c>interval</c>.</summary>
    public required string Scale { get; init; }
}

/// <summary>The methods of one data set in the order that one scorer gives them, the best first.</summary>
public sealed record JudgeRanking
{
    /// <summary>The scorer.</summary>
    public required string Scorer { get; init; }

    /// <summary>The model.</summary>
    public required string Model { get; init; }

    /// <summary>The data set.</summary>
    public required string Dataset { get; init; }

    /// <summary>The methods, the best first.</summary>
    public required IReadOnlyList<RankedMethod> Methods { get; init; }
}

/// <summary>One method in a ranking.</summary>
/// <param name="Method">Its name.</param>
/// <param name="Value">The scorer's number.</param>
/// <param name="BestShare">Share of resamples of items and seeds in which it is the best.</param>
/// <param name="AheadShare">Share in which it lies ahead of the next one; null for the last.</param>
public sealed record RankedMethod(string Method, double? Value, double BestShare, double? AheadShare);

/// <summary>How alike two scorers rank the methods of one data set.</summary>
public sealed record RankAgreement
{
    /// <summary>One scorer.</summary>
    public required string First { get; init; }

    /// <summary>The other.</summary>
    public required string Second { get; init; }

    /// <summary>The model.</summary>
    public required string Model { get; init; }

    /// <summary>The data set.</summary>
    public required string Dataset { get; init; }

    /// <summary>Methods ranked. With four of them even a tau of 1 comes about by chance in one of twelve cases.</summary>
    public int Methods { get; init; }

    /// <summary>Kendall's tau-b of the two orders.</summary>
    public AgreementEstimate Tau { get; init; }

    /// <summary>Share of resamples in which both have the same method first.</summary>
    public double SameBestShare { get; init; }
}
