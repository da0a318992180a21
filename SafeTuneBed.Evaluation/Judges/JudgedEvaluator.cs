using System.Globalization;
using Microsoft.Extensions.AI;

namespace SafeTuneBed.Judges;

/// <summary>
/// A measure that lets a judge, or a panel, grade what the model answered. Subclasses say what the judge is asked about an item, how its text is read, and what scores a
/// verdict gives; asking, records, thresholds and estimates are here.
/// </summary>
internal abstract class JudgedEvaluator(string name, JudgedOptions options, JudgeCatalog judges) : QuestionEvaluator<PromptItem>
{
    // What is foreseen of a text that does not exist yet.
    private const int CharactersPerToken = 4, VerdictTokens = 150;

    /// <inheritdoc/>
    public override GenerationOptions Generation => new() { MaxNewTokens = options.MaxNewTokens };

    /// <inheritdoc/>
    public override string? Scorer => $"{judges.FindIdentity(options.Judge) ?? options.Judge} {string.Join(' ', PromptIds)}";

    /// <summary>Registered name.</summary>
    protected string Name => name;

    /// <summary>Id and version of every prompt that is used.</summary>
    protected abstract IEnumerable<string> PromptIds { get; }

    /// <summary>What the judge is asked about one item. Only called where all answers are there.</summary>
    protected abstract IReadOnlyList<JudgeRequest> CreateRequests(EvaluationContext context, PromptItem item, IReadOnlyList<EvaluationAnswer> answers);

    /// <summary>Reads the judge's text.</summary>
    /// <param name="part">Which of the item's requests.</param>
    /// <param name="text">The text.</param>
    protected abstract Verdict Read(int part, string text);

    /// <summary>The scores of one item.</summary>
    /// <param name="item">The item.</param>
    /// <param name="answers">The model's answers, none of them failed.</param>
    /// <param name="verdicts">One per request.</param>
    /// <param name="neutralized">Whether text under judgement had to be changed.</param>
    protected abstract IEnumerable<SampleScore> Score(PromptItem item, IReadOnlyList<EvaluationAnswer> answers, IReadOnlyList<Verdict> verdicts, bool neutralized);

    /// <summary>Faults that can be found before anything is asked, such as a missing file.</summary>
    protected virtual void CheckSettings()
    {
    }

    /// <summary>Asks one judge. Default: the request, and once more with a reminder where the verdict can't be read.</summary>
    protected virtual async Task<(Verdict Verdict, JudgeReply Reply)> AskAsync(Judge judge, int part, JudgeRequest request, CancellationToken cancellationToken)
    {
        JudgeReply reply = await judge.AskAsync(request, cancellationToken).ConfigureAwait(false);
        Verdict verdict = ReadReply(part, reply);
        if (verdict.Reason == UnscoredReason.JudgeUnparsable && request.Reminder is not null)
        {
            JudgeReply second = await judge.AskAsync(request.Remind(), cancellationToken).ConfigureAwait(false);
            reply = second with { Attempts = reply.Attempts + second.Attempts };
            verdict = ReadReply(part, reply);
            verdict = verdict with { Label = verdict.Label is null ? "reminded" : $"{verdict.Label}, reminded" };
        }

        return (verdict, reply);
    }

    /// <summary>A reply as a verdict.</summary>
    protected Verdict ReadReply(int part, JudgeReply reply) => reply.Outcome == JudgeOutcome.Unreachable ? Verdict.None(UnscoredReason.JudgeTransport, reply.Fault)
        : reply.Outcome == JudgeOutcome.TooLong ? Verdict.None(UnscoredReason.JudgePromptTooLong, reply.Fault)
        : Read(part, reply.Text) is var verdict && reply.Outcome == JudgeOutcome.Refused && verdict.Value is null ? Verdict.None(UnscoredReason.JudgeRefused, reply.Fault)
        : verdict;

    /// <inheritdoc/>
    public override async ValueTask CheckItemsAsync(EvaluationContext context, CancellationToken cancellationToken)
    {
        foreach (string judge in judges.Members(options.Judge, name))
        {
            judges.CheckKey(judge);
        }

        CheckSettings();
        await base.CheckItemsAsync(context, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<JudgeEstimate> EstimateJudging(EvaluationContext context)
    {
        string answer = new('x', Math.Min(options.MaxAnswerCharacters, context.Generation.MaxNewTokens * CharactersPerToken / 2));
        var foreseen = new EvaluationAnswer { Question = EvaluationQuestion.Ask([]), Generation = new Generation { Text = answer } };
        JudgeRequest[] requests = [.. context.PromptItems.SelectMany(i => CreateRequests(context, i, [foreseen, foreseen]))];
        long sent = requests.Sum(r => (long)r.Length / CharactersPerToken), received = requests.Sum(r => (long)Math.Min(r.MaxTokens, VerdictTokens));
        return [.. judges.Members(options.Judge, name).Select(member =>
        {
            var (model, settings) = judges.Describe(member);
            decimal? cost = settings.PromptPrice is null && settings.CompletionPrice is null ? null : ((sent * (settings.PromptPrice ?? 0)) + (received * (settings.CompletionPrice ?? 0))) / 1_000_000;
            return new JudgeEstimate(member, requests.Length, sent, received, cost) { Model = model };
        })];
    }

    /// <inheritdoc/>
    protected override IAsyncEnumerable<PromptItem> LoadItemsAsync(EvaluationContext context, CancellationToken cancellationToken) => context.Prompts(cancellationToken);

    /// <inheritdoc/>
    protected override ValueTask<IReadOnlyList<IReadOnlyList<EvaluationQuestion>>> CreateQuestionsAsync(
        IReadOnlyList<PromptItem> items, EvaluationContext context, CancellationToken cancellationToken) =>
        new([.. items.Select(i => (IReadOnlyList<EvaluationQuestion>)[EvaluationQuestion.Ask([new ChatMessage(ChatRole.User, i.Prompt)])])]);

    /// <inheritdoc/>
    protected sealed override IEnumerable<SampleScore> Score(PromptItem item, IReadOnlyList<EvaluationAnswer> answers) =>
        throw new NotSupportedException("Items are scored together, since a judge is asked.");

    /// <inheritdoc/>
    protected sealed override async Task<IReadOnlyList<IEnumerable<SampleScore>>> ScoreAllAsync(
        IReadOnlyList<PromptItem> items, IReadOnlyList<IReadOnlyList<EvaluationAnswer>> answers, EvaluationContext context, CancellationToken cancellationToken)
    {
        Judge[] panel = [.. judges.Members(options.Judge, name).Select(j => judges.Open(j, context.SharedFolder))];
        bool[] failed = [.. answers.Select(a => a.Any(x => x.IsFailed))];
        IReadOnlyList<JudgeRequest>[] requests = [.. items.Select((item, i) => failed[i] ? [] : CreateRequests(context, item, answers[i]))];
        Place[] places = [.. requests.SelectMany((r, i) => r.SelectMany((request, part) => panel.Select(judge => new Place(i, part, judge, request))))];
        var judged = new (Verdict Verdict, JudgeReply Reply)[places.Length];
        int[] open = [.. requests.Select(r => r.Count * panel.Length)];
        int done = open.Count(o => o == 0);
        await Parallel.ForAsync(
            0,
            places.Length,
            new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, panel.Sum(j => j.MaxConcurrency)), CancellationToken = cancellationToken },
            async (k, token) =>
            {
                Place place = places[k];
                judged[k] = await AskAsync(place.Judge, place.Part, place.Request, token).ConfigureAwait(false);
                if (Interlocked.Decrement(ref open[place.Item]) == 0)
                {
                    context.Progress?.Invoke(Interlocked.Increment(ref done), items.Count);
                }
            }).ConfigureAwait(false);

        if (context.Folder is { } folder)
        {
            Judgement.Write(folder, places.Zip(judged, (p, j) => Row(items[p.Item], p, j.Verdict, j.Reply)));
        }

        var verdicts = new Verdict[items.Count][];
        for (int i = 0, next = 0; i < items.Count; i++)
        {
            verdicts[i] = new Verdict[requests[i].Count];
            for (int part = 0; part < verdicts[i].Length; part++, next += panel.Length)
            {
                verdicts[i][part] = Verdict.Combine([.. judged[next..(next + panel.Length)].Select(j => j.Verdict)]);
            }
        }

        CheckUnscored([.. verdicts.SelectMany(v => v)]);
        return [.. items.Select((item, i) => failed[i]
            ? Metrics.Select(m => m.Unscored(UnscoredReason.GenerationFailed))
            : Score(item, answers[i], verdicts[i], requests[i].Any(r => r.IsNeutralized)).ToList().AsEnumerable())];
    }

    private static Judgement Row(PromptItem item, Place place, Verdict verdict, JudgeReply reply) => new()
    {
        ItemId = item.Id,
        Part = place.Part,
        Judge = place.Judge.Name,
        Asked = place.Judge.Identity,
        Answered = reply.Model,
        Prompt = place.Request.Prompt,
        Key = place.Request.KeyFor(place.Judge.Identity),
        Neutralized = place.Request.IsNeutralized,
        Text = reply.Text,
        Value = verdict.Value,
        Unscored = verdict.Reason,
        Label = verdict.Label,
        Attempts = reply.Attempts,
        PromptTokens = reply.PromptTokens,
        CompletionTokens = reply.CompletionTokens,
    };

    private void CheckUnscored(Verdict[] verdicts)
    {
        int without = verdicts.Count(v => v.Value is null);
        if (without == 0 || (double)without / verdicts.Length <= options.MaxUnscored)
        {
            return;
        }

        string reasons = string.Join(", ", verdicts.Where(v => v.Value is null).GroupBy(v => v.Reason).OrderBy(g => g.Key).Select(g => string.Create(CultureInfo.InvariantCulture, $"{g.Key} {g.Count()}")));
        throw new SafeTuneBedException(string.Create(
            CultureInfo.InvariantCulture,
            $"Evaluator '{name}': the judge '{options.Judge}' left {without} of {verdicts.Length} answers without a verdict ({reasons}), more than {nameof(options.MaxUnscored)} = {options.MaxUnscored} allows. Verdicts are kept; {Judgement.FileName} in the evaluation's folder shows what it wrote. Run again to ask where it could not be reached, use another judge, or raise {nameof(options.MaxUnscored)}."));
    }

    /// <summary>One request to one judge.</summary>
    private sealed record Place(int Item, int Part, Judge Judge, JudgeRequest Request);
}
