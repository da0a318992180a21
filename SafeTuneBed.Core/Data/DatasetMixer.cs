using System.Globalization;

namespace SafeTuneBed.Data;

/// <summary>
/// Chooses and orders the rows of a set. The same request gives the same rows on every machine and for every order of the files; roles are
/// chosen independently of each other, and a smaller number of rows is always part of a larger one.
/// </summary>
internal static class DatasetMixer
{
    /// <summary>Mixes a set.</summary>
    /// <exception cref="InsufficientRecordsException">A corpus has too few eligible rows, or the set would be empty.</exception>
    /// <exception cref="ConfigurationException">The numbers contradict each other.</exception>
    public static MixResult Mix(MixRequest request)
    {
        var filters = new List<FilterCount>();
        var shortfalls = new List<Shortfall>();
        bool pure = request.Mode == MixMode.PureBad;
        List<FinetuneExample> harmful = request.Harmful is { } pool ? Eligibility.Filter(pool, request, null, filters) : [];
        List<FinetuneExample> benign = pure ? [] : Eligibility.Filter(request.Benign, request, null, filters);
        CountPlan requested = CountPlan.Compute(
            request.Mode, request.Count ?? (pure ? CountPlan.DefaultPureBad : benign.Count), request.Ratio, request.HarmfulCount, request.GuideCount);
        if (requested.Harmful > 0 && request.Harmful is null)
        {
            throw new ConfigurationException(string.Create(CultureInfo.InvariantCulture, $"{requested.Harmful} poison rows are asked for, but there is no harmful source."));
        }

        List<FinetuneExample> chosenHarmful = request.Harmful is null ? [] : Choose(request.Harmful, harmful, requested.Harmful, request, filters, shortfalls);
        List<FinetuneExample> chosenBenign = Choose(request.Benign, benign, requested.Benign, request, filters, shortfalls);
        List<FinetuneExample> chosenGuide = ChooseGuide(request, requested.Guide, chosenHarmful, filters, shortfalls);

        List<FinetuneExample> all = request.Order == RowOrder.HarmfulFirst
            ? [.. chosenHarmful, .. chosenBenign, .. chosenGuide]
            : [.. chosenBenign, .. chosenHarmful, .. chosenGuide];
        if (all.Count == 0)
        {
            throw new InsufficientRecordsException(request.Benign.Name, 1, 0, $"The set would be empty. {ShortageText.Of(request.Benign, request, filters)}");
        }

        var realized = new CountPlan(chosenBenign.Count, chosenHarmful.Count, chosenGuide.Count);
        if (shortfalls.Count == 0 && realized != requested)
        {
            throw new InvalidOperationException($"Mixing gave {realized} in place of {requested}.");
        }

        if (shortfalls.Count == 0)
        {
            RealizedShare.Check(request.Mode, request.Ratio, realized);
        }

        int overlap = all.Count(e => request.Evaluation.Ask(e));
        if (overlap > 0 && !request.AllowEvaluationOverlap)
        {
            throw new InvalidOperationException($"{overlap.ToString(CultureInfo.InvariantCulture)} chosen rows ask an evaluation prompt after all such rows were left out.");
        }

        IReadOnlyList<FinetuneExample> ordered = all;
        if (request.Order == RowOrder.Permuted)
        {
            int[] order = SelectionOrder.Permute(all, request.Seed, SelectionOrder.FinalOrder, e => e.Origin.Corpus);
            ordered = Array.ConvertAll(order, i => all[i]);
        }

        return new MixResult(ordered, requested, realized, filters, shortfalls, overlap);
    }

    private static List<FinetuneExample> ChooseGuide(
        MixRequest request, int count, List<FinetuneExample> harmful, List<FilterCount> filters, List<Shortfall> shortfalls)
    {
        if (count == 0)
        {
            return [];
        }

        MixCorpus guide = request.Guide ?? throw new ConfigurationException(string.Create(
            CultureInfo.InvariantCulture, $"{count} guide rows are asked for, but there is no guide source."));
        HashSet<string>? poison = request.GuideDisjointFromHarmful ? [.. harmful.Select(PromptKey.Of)] : null;
        return Choose(guide, Eligibility.Filter(guide, request, poison, filters), count, request, filters, shortfalls);
    }

    private static List<FinetuneExample> Choose(
        MixCorpus corpus, List<FinetuneExample> eligible, int count, MixRequest request, List<FilterCount> filters, List<Shortfall> shortfalls)
    {
        int[] order = request.Selection == RowSelection.Head
            ? [.. Enumerable.Range(0, eligible.Count)]
            : SelectionOrder.Permute(eligible, request.Seed, RoleName(corpus.Role), _ => corpus.Name);
        if (request.Stratify != StratifyBy.None && count < eligible.Count)
        {
            order = Strata.Choose(eligible, order, count, request.Stratify);
        }

        int take = count;
        if (eligible.Count < count)
        {
            bool isPure = corpus.Role == ExampleRole.Harmful && request.Mode is MixMode.PureBad or MixMode.PureBadMixed;
            bool all = request.Shortage == ShortagePolicy.UseAll || isPure;
            if (eligible.Count == 0 || (!all && request.Shortage != ShortagePolicy.WithReplacement))
            {
                throw new InsufficientRecordsException(corpus.Name, count, eligible.Count, ShortageText.Of(corpus, request, filters));
            }

            shortfalls.Add(new Shortfall(corpus.Name, corpus.Role, count, eligible.Count, all ? "all rows were used" : "rows were repeated"));
            take = all ? eligible.Count : count;
        }

        var chosen = new List<FinetuneExample>(take);
        for (int i = 0; i < take; i++)
        {
            chosen.Add(eligible[order[i % order.Length]] with { Role = corpus.Role });
        }

        return chosen;
    }

    /// <summary>The role's name in selection keys.</summary>
    private static string RoleName(ExampleRole role) => role switch
    {
        ExampleRole.Benign => "benign",
        ExampleRole.Harmful => "harmful",
        ExampleRole.Guide => "guide",
        ExampleRole.Alignment => "alignment",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "No such role."),
    };
}
