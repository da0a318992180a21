using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace SafeTuneBed.Running;

/// <summary>Puts an evaluation's questions to the model, except those whose answers are stored, and stores what comes back.</summary>
internal sealed class Interview(EvaluationContext context)
{
    // Log-probabilities are computed and stored in parts of so many items: what a kill can cost.
    private const int ItemsPerPart = 128;

    /// <summary>Asks everything.</summary>
    /// <param name="ids">Ids of the items.</param>
    /// <param name="questions">The questions about each item.</param>
    /// <param name="cancellationToken">Stops it; stored answers stay.</param>
    public async Task<IReadOnlyList<IReadOnlyList<EvaluationAnswer>>> AskAsync(
        IReadOnlyList<string> ids, IReadOnlyList<IReadOnlyList<EvaluationQuestion>> questions, CancellationToken cancellationToken)
    {
        EvaluationAnswer[][] answers = [.. questions.Select(q => new EvaluationAnswer[q.Count])];
        Place[] all = [.. questions.SelectMany((q, i) => q.Select((question, k) => new Place(i, k, ids[i], question)))];
        var progress = new ItemProgress(context, [.. questions.Select(q => q.Count)]);
        await GenerateAsync([.. all.Where(p => p.Question.Continuations is null)], answers, progress, cancellationToken).ConfigureAwait(false);
        await ScoreAsync([.. all.Where(p => p.Question.Continuations is not null)], answers, progress, cancellationToken).ConfigureAwait(false);
        return answers;
    }

    private async Task GenerateAsync(Place[] places, EvaluationAnswer[][] answers, ItemProgress progress, CancellationToken cancellationToken)
    {
        var missing = new List<Place>();
        foreach (Place place in places)
        {
            if (context.Store?.Find(place.Id, place.Hash) is { } stored)
            {
                answers[place.Item][place.Index] = new EvaluationAnswer { Question = place.Question, Generation = stored };
                progress.Add(place.Item);
            }
            else
            {
                missing.Add(place);
            }
        }

        progress.Report();
        foreach (var alike in missing.GroupBy(p => (IsText: p.Question.Text is not null, p.Question.MaxNewTokens, p.Question.Temperature)))
        {
            Place[] asked = [.. alike];
            void Keep(int k, Generation generation)
            {
                answers[asked[k].Item][asked[k].Index] = new EvaluationAnswer { Question = asked[k].Question, Generation = generation };
                context.Store?.Add(asked[k].Id, asked[k].Hash, generation);
                progress.Add(asked[k].Item);
                progress.Report();
            }

            GenerationOptions decoding = context.Generation with { MaxNewTokens = Math.Min(context.Generation.MaxNewTokens, alike.Key.MaxNewTokens ?? int.MaxValue) };
            decoding = decoding with { Temperature = alike.Key.Temperature ?? decoding.Temperature };
            decoding = decoding.MaySample ? decoding with { StreamIds = [.. asked.Select(p => StreamId(p.Id))] } : decoding;
            IReadOnlyList<Generation> made = alike.Key.IsText
                ? await context.LanguageModel.CompleteAsync([.. asked.Select(p => p.Question.Text!)], decoding, Keep, cancellationToken).ConfigureAwait(false)
                : await context.Model.GenerateAsync([.. asked.Select(p => p.Question.Conversation)], decoding, Keep, cancellationToken).ConfigureAwait(false);
            for (int k = 0; k < asked.Length; k++)
            {
                // A generator that never calls back is slower to resume, not wrong.
                if (answers[asked[k].Item][asked[k].Index] is null)
                {
                    Keep(k, made[k]);
                }
            }
        }
    }

    // Which questions are computed together changes the last bits of log-probabilities. So parts are made of all questions in the order of their texts, whatever is
    // stored and in whichever order the items come, and a part is taken from the store as a whole or not at all.
    private async Task ScoreAsync(Place[] places, EvaluationAnswer[][] answers, ItemProgress progress, CancellationToken cancellationToken)
    {
        foreach (Place[] part in Parts(places))
        {
            cancellationToken.ThrowIfCancellationRequested();
            IReadOnlyList<ContinuationScore>?[] stored = [.. part.Select(p => context.Likelihoods?.Find(p.Id, p.Hash))];
            IReadOnlyList<IReadOnlyList<ContinuationScore>> scores;
            if (stored.All(s => s is not null))
            {
                scores = [.. stored.Select(s => s!)];
            }
            else
            {
                scores = await ComputeAsync(part, cancellationToken).ConfigureAwait(false);
                context.Likelihoods?.Add([.. part.Zip(scores, (p, s) => (p.Id, p.Hash, s))]);
            }

            for (int k = 0; k < part.Length; k++)
            {
                answers[part[k].Item][part[k].Index] = new EvaluationAnswer { Question = part[k].Question, Likelihoods = scores[k] };
                progress.Add(part[k].Item);
            }

            progress.Report();
        }
    }

    // Texts that begin alike stand together, so that a part shares what it can.
    private static IEnumerable<Place[]> Parts(Place[] places) => places.GroupBy(p => p.Question.Text is null).OrderBy(g => g.Key)
        .SelectMany(g => g.OrderBy(p => p.Beginning, StringComparer.Ordinal).ThenBy(p => p.Id, StringComparer.Ordinal).ThenBy(p => p.Hash, StringComparer.Ordinal).Chunk(ItemsPerPart));

    private async Task<IReadOnlyList<IReadOnlyList<ContinuationScore>>> ComputeAsync(Place[] part, CancellationToken cancellationToken)
    {
        IReadOnlyList<ContinuationScore> scores = part[0].Question.Text is not null
            ? await context.LanguageModel.ScoreTextAsync([.. part.SelectMany(p => p.Question.Continuations!.Select(c => (p.Question.Text!, c)))], cancellationToken).ConfigureAwait(false)
            : await context.LanguageModel.ScoreAsync([.. part.SelectMany(p => p.Question.Continuations!.Select(c => (p.Question.Conversation, c)))], cancellationToken).ConfigureAwait(false);
        var byPlace = new List<IReadOnlyList<ContinuationScore>>();
        int next = 0;
        foreach (Place place in part)
        {
            int count = place.Question.Continuations!.Count;
            byPlace.Add([.. scores.Skip(next).Take(count)]);
            next += count;
        }

        return byPlace;
    }

    // What an item draws must not depend on which other items are still to be answered.
    private static ulong StreamId(string itemId) => BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(itemId)));

    /// <summary>One question about one item.</summary>
    private sealed record Place(int Item, int Index, string Id, EvaluationQuestion Question)
    {
        public string Hash { get; } = QuestionHash.Of(Question);

        public string Beginning { get; } = Question.Text ?? string.Join('\n', Question.Conversation.Select(m => m.Text));
    }

    /// <summary>Counts items all of whose questions are answered. Answers may come on any thread.</summary>
    private sealed class ItemProgress
    {
        private readonly EvaluationContext context;
        private readonly int[] open;
        private int done;

        public ItemProgress(EvaluationContext context, int[] open) => (this.context, this.open, done) = (context, open, open.Count(o => o == 0));

        public void Add(int item)
        {
            if (Interlocked.Decrement(ref open[item]) == 0)
            {
                Interlocked.Increment(ref done);
            }
        }

        public void Report() => context.Progress?.Invoke(Volatile.Read(ref done), open.Length);
    }
}
