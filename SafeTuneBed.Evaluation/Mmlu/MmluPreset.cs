using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;

namespace SafeTuneBed.Mmlu;

/// <summary>A protocol with its numbers.</summary>
internal abstract partial class MmluPreset
{
    // A share above which ties mean that the arithmetic is too coarse to tell the options apart.
    private const double ManyTies = 0.01;
    private const double Guessing = 0.25;

    private MmluPreset(string name, bool isHeadline, string counts)
    {
        Name = name;
        Accuracy = MetricDefinition.Proportion($"{name}/accuracy", version: 1, Direction.HigherIsBetter) with
        {
            Heading = $"MMLU ({name})", IsHeadline = isHeadline, ClusterBy = "subject", Chance = Guessing, Description = counts,
        };
        BySubject = MetricDefinition.Proportion($"{name}/accuracy-by-subject", version: 1, Direction.HigherIsBetter) with
        {
            Heading = $"MMLU, mean of subjects ({name})", Description = "The same share, each subject counting alike.", ClusterBy = "subject", ReportsGroups = false,
        };
    }

    /// <summary>Names of all presets.</summary>
    public static IReadOnlyList<string> Names { get; } = ["ll-5shot", "ll-0shot", "hendrycks", "gen", "gen-ref"];

    /// <summary>Name in options and metric keys.</summary>
    public string Name { get; }

    /// <summary>Whether log-probabilities or plain text are asked for, which hosted models don't give.</summary>
    public virtual bool NeedsLocalModel => true;

    /// <summary>Every number.</summary>
    public virtual IEnumerable<MetricDefinition> Metrics => [Accuracy, BySubject];

    protected MetricDefinition Accuracy { get; }

    protected MetricDefinition BySubject { get; }

    /// <summary>The preset of a name.</summary>
    public static MmluPreset Create(string name, bool isHeadline) => name switch
    {
        "ll-5shot" => new Likelihood(name, isHeadline, shots: 5),
        "ll-0shot" => new Likelihood(name, isHeadline, shots: 0),
        "hendrycks" => new HendrycksScript(name, isHeadline),
        "gen" => new Generated(name, isHeadline),
        "gen-ref" => new Reference(name, isHeadline),
        _ => throw new ArgumentException($"There is no preset '{name}'.", nameof(name)),
    };

    /// <summary>The question about each item.</summary>
    public virtual ValueTask<IReadOnlyList<EvaluationQuestion>> AskAsync(IReadOnlyList<MmluItem> items, EvaluationContext context, CancellationToken cancellationToken) => new([.. items.Select(Ask)]);

    /// <summary>The scores of one item.</summary>
    public IEnumerable<SampleScore> Score(MmluItem item, EvaluationAnswer answer)
    {
        if (answer.IsFailed)
        {
            return Metrics.Select(m => m.Unscored(UnscoredReason.GenerationFailed) with { Groups = MmluCategories.GroupsOf(item.Subject), Weight = m == BySubject ? item.SubjectWeight : null });
        }

        (int? chosen, IEnumerable<SampleScore> further) = Read(item, answer);
        string label = chosen is { } place ? MmluItem.Letters[place] : "none";
        return
        [
            Accuracy.Score(chosen == item.Answer, label) with { Groups = MmluCategories.GroupsOf(item.Subject) },
            BySubject.Score(chosen == item.Answer, label) with { Weight = item.SubjectWeight, Groups = MmluCategories.GroupsOf(item.Subject) },
            .. further,
        ];
    }

    /// <summary>The letter that an answer gives: the one after "answer is", else the first that stands by itself.</summary>
    internal static int? FindLetter(string answer)
    {
        Match match = Announced.Match(answer) is { Success: true } announced ? announced : Alone.Match(answer);
        return match.Success ? "ABCD".IndexOf(match.Groups["letter"].Value, StringComparison.Ordinal) : null;
    }

    /// <summary>The first of A, B, C, D, in this order, that occurs anywhere: "Don't" is D and "Both" is B, as the Python SafeTuneBed reads it.</summary>
    internal static int? FindReferenceLetter(string answer) => MmluItem.Letters.Index().Where(l => answer.Contains(l.Item, StringComparison.Ordinal)).Select(l => (int?)l.Index).FirstOrDefault();

    protected abstract EvaluationQuestion Ask(MmluItem item);

    protected abstract (int? Chosen, IEnumerable<SampleScore> Further) Read(MmluItem item, EvaluationAnswer answer);

    private static MetricDefinition Share(string name, string heading, string description, double warnAbove) =>
        MetricDefinition.Proportion(name, version: 1, Direction.Neutral) with { Heading = heading, Description = description, WarnAbove = warnAbove };

    [GeneratedRegex(@"answer is:?\s*\(?(?<letter>[ABCD])(?![A-Za-z])", RegexOptions.CultureInvariant)]
    private static partial Regex Announced { get; }

    [GeneratedRegex("(?<![A-Za-z])(?<letter>[ABCD])(?![A-Za-z])", RegexOptions.CultureInvariant)]
    private static partial Regex Alone { get; }

    /// <summary>The likeliest letter after a plain text.</summary>
    private class Likelihood(string name, bool isHeadline, int shots, string counts = "Share of questions whose right letter is the likeliest of the four after the text, the letters standing behind a blank.")
        : MmluPreset(name, isHeadline, counts)
    {
        private static readonly IReadOnlyList<string> Options = [.. MmluItem.Letters.Select(l => " " + l)];

        private readonly MetricDefinition tied = Share($"{name}/tied", "MMLU ties", "Share of questions whose two likeliest letters are equally likely; the first of them counts.", ManyTies);
        private readonly MetricDefinition truncated = Share($"{name}/truncated", "MMLU texts cut", "Share of questions whose text lost tokens at its beginning, because it exceeds the model's context.", 0);

        public override IEnumerable<MetricDefinition> Metrics => [Accuracy, BySubject, tied, truncated];

        protected virtual string Text(MmluItem item, int examples) => MmluPrompt.Harness(item, examples);

        protected EvaluationQuestion Ask(MmluItem item, int examples) => EvaluationQuestion.ChooseAfter(Text(item, examples), Options);

        protected override EvaluationQuestion Ask(MmluItem item) => Ask(item, shots);

        protected override (int? Chosen, IEnumerable<SampleScore> Further) Read(MmluItem item, EvaluationAnswer answer)
        {
            int chosen = ChoiceEvaluator<MmluItem>.Likeliest(answer.Likelihoods);
            bool isTied = answer.Likelihoods.Count(l => l.LogProbability == answer.Likelihoods[chosen].LogProbability) > 1;
            return (chosen, [tied.Score(isTied), truncated.Score(answer.Likelihoods.Any(l => l.DroppedTokens > 0))]);
        }
    }

    /// <summary>The original script, which takes examples away until the text fits.</summary>
    private sealed class HendrycksScript(string name, bool isHeadline) : Likelihood(name, isHeadline, shots: MostShots, "Share of questions whose right letter is the likeliest of the four, texts as the original script writes them.")
    {
        private const int MostShots = 5, MostTokens = 2048;

        private readonly MetricDefinition fewer = Share($"{name}/fewer-examples", "MMLU, fewer than 5 examples", "Share of questions asked with fewer than 5 examples, because the text would exceed 2,048 tokens.", 1);

        public override IEnumerable<MetricDefinition> Metrics => [.. base.Metrics, fewer];

        public override async ValueTask<IReadOnlyList<EvaluationQuestion>> AskAsync(IReadOnlyList<MmluItem> items, EvaluationContext context, CancellationToken cancellationToken)
        {
            int[] shots = [.. items.Select(i => Math.Min(MostShots, i.Examples.Count))];
            int[] open = [.. Enumerable.Range(0, items.Count)];
            while (open.Length > 0)
            {
                IReadOnlyList<int> tokens = await context.LanguageModel.CountTokensAsync([.. open.Select(i => Text(items[i], shots[i]))], cancellationToken).ConfigureAwait(false);
                open = [.. open.Where((i, k) => tokens[k] > MostTokens && shots[i] > 0)];
                foreach (int i in open)
                {
                    shots[i]--;
                }
            }

            return [.. items.Select((item, i) => Ask(item, shots[i]))];
        }

        protected override string Text(MmluItem item, int examples) => MmluPrompt.Hendrycks(item, examples);

        protected override (int? Chosen, IEnumerable<SampleScore> Further) Read(MmluItem item, EvaluationAnswer answer)
        {
            (int? chosen, IEnumerable<SampleScore> further) = base.Read(item, answer);
            return (chosen, [.. further, fewer.Score(answer.Question.Text != Text(item, MostShots))]);
        }
    }

    /// <summary>The letter read out of an answer under the model's own template.</summary>
    private sealed class Generated(string name, bool isHeadline)
        : MmluPreset(name, isHeadline, "Share of questions whose answer gives the right letter: the one after \"answer is\", else the first that stands by itself. No letter is wrong.")
    {
        private const int Shots = 5, NewTokens = 32;

        private readonly MetricDefinition none = Share($"{name}/no-letter", "MMLU answers without a letter", "Share of answers that give no letter; they count as wrong.", 0.1);

        public override bool NeedsLocalModel => false;

        public override IEnumerable<MetricDefinition> Metrics => [Accuracy, BySubject, none];

        protected override EvaluationQuestion Ask(MmluItem item) => EvaluationQuestion.Ask([new(ChatRole.User, MmluPrompt.Harness(item, Shots))]) with { MaxNewTokens = NewTokens };

        protected override (int? Chosen, IEnumerable<SampleScore> Further) Read(MmluItem item, EvaluationAnswer answer)
        {
            int? letter = FindLetter(answer.Generation!.Text);
            return (letter, [none.Score(letter is null)]);
        }
    }

    /// <summary>The paper's protocol, for comparison with its numbers only.</summary>
    private sealed class Reference(string name, bool isHeadline)
        : MmluPreset(name, isHeadline, "Share of questions whose two-token answer holds the right letter and none before it in the alphabet, as the Python SafeTuneBed reads it: \"Don't\" is D, \"Both\" is B. No letter is wrong.")
    {
        private readonly MetricDefinition none = Share($"{name}/no-letter", "MMLU answers without a letter (gen-ref)", "Share of two-token answers without a letter; they count as wrong.", 0.1);

        public override IEnumerable<MetricDefinition> Metrics => [Accuracy, BySubject, none];

        protected override EvaluationQuestion Ask(MmluItem item) => EvaluationQuestion.Complete(MmluPrompt.Reference(item)) with { MaxNewTokens = 2 };

        protected override (int? Chosen, IEnumerable<SampleScore> Further) Read(MmluItem item, EvaluationAnswer answer)
        {
            int? letter = FindReferenceLetter(answer.Generation!.Text);
            return (letter, [none.Score(letter is null)]);
        }
    }
}
