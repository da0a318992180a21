using Microsoft.Extensions.AI;

namespace SafeTuneBed.Running;

/// <summary>What methods make of a cell's rows before they are tokens.</summary>
/// <param name="Key">Tells edits apart: methods, their options, and the rows they mix in.</param>
/// <param name="Apply">Makes the edits.</param>
internal sealed record RowEdits(string Key, Func<IReadOnlyList<FinetuneExample>, IReadOnlyList<FinetuneExample>> Apply)
{
    /// <summary>What is made of a row once it is tokens; null where nothing is.</summary>
    public Func<TokenizedExample, TokenizedExample>? ApplyToTokens { get; init; }
}

/// <summary>Edits of a cell's rows, and the policy under which the trained model is asked; null where there are none.</summary>
internal sealed record DataStage(RowEdits? Edits, PromptPolicy? Policy)
{
    public static DataStage None { get; } = new(null, null);
}

/// <summary>Asks the methods of a pipeline what they do to rows and prompts.</summary>
internal sealed class DataStagePlanner(MethodCatalog methods, IDataHost data, RowsCache rowsCache)
{
    /// <summary>The methods of a pipeline that say anything about the user's rows, or about prompts.</summary>
    public IReadOnlyList<MethodPartConfig> PartsOf(FinetuneExperimentConfig experiment, List<Problem> causes)
    {
        var users = new List<MethodPartConfig>();
        foreach (MethodPartConfig part in experiment.Parts)
        {
            MethodAlgorithm method = methods.Create(part);
            bool late = part.Stage == MethodStage.PostFineTuning;
            if (method.HasPromptHook && (late || part.Stage == MethodStage.Alignment))
            {
                causes.Add(new Problem($"The method '{part.Method}' acts at the stage {part.Stage}, and sets a prompt policy, which only methods of the stages Data and FineTuning can. Make that a method of its own, and compose the two."));
            }
            else if (method.HasRowHooks && late)
            {
                causes.Add(new Problem($"The method '{part.Method}' acts at the stage {part.Stage}, and changes rows, of which that stage learns none. Make that a method of its own, and compose the two."));
            }
            else if (part.Stage != MethodStage.Alignment && (method.HasRowHooks || method.HasPromptHook))
            {
                users.Add(part);
            }
        }

        return users;
    }

    /// <summary>What they do in a cell.</summary>
    /// <param name="parts">The methods.</param>
    /// <param name="model">The model under the cell's template.</param>
    /// <param name="dataset">The data set.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="maxLength">Longest row in tokens.</param>
    /// <param name="streams">The streams that the methods asked for.</param>
    /// <param name="causes">Gets what is wrong.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task<DataStage> PlanAsync(
        IReadOnlyList<MethodPartConfig> parts, ModelDescription model, FinetuneDatasetConfig dataset, ulong seed, int maxLength, IReadOnlyDictionary<string, CellStream> streams, List<Problem> causes, CancellationToken cancellationToken)
    {
        if (parts.Count == 0)
        {
            return DataStage.None;
        }

        var texts = new Dictionary<string, IReadOnlyList<FinetuneExample>>(StringComparer.Ordinal);
        foreach (var (name, stream) in streams)
        {
            IReadOnlyList<FinetuneExample> rows = await rowsCache.GetTextsAsync(data, stream.Dataset, seed, model, maxLength, stream.Asked, cancellationToken).ConfigureAwait(false);
            texts[name] = [.. rows.Select(r => r with { Role = ExampleRole.Guide })];
        }

        (MethodPartConfig Part, MethodAlgorithm Method, DataContext Context)[] made =
            [.. parts.Select(p => (p, methods.Create(p), new DataContext(model.Model, dataset, seed, p.Method, model.Tokenizer, texts)))];
        (string Method, PromptPolicy Policy)[] policies = [.. made.Select(m => (m.Part.Method, Policy: m.Method.RunCreatePromptPolicy(m.Context))).Where(p => p.Policy is not null).Select(p => (p.Method, p.Policy!))];
        if (policies.Length > 1)
        {
            causes.Add(new Problem($"The methods {string.Join(" and ", policies.Select(p => $"'{p.Method}'"))} both set a prompt policy, and a model is asked under one. Leave one of them out."));
            return DataStage.None;
        }

        PromptPolicy? policy = policies.Length == 0 ? null : policies[0].Policy;
        if (policy is not null)
        {
            Problem.Try(causes, () => CheckTemplate(policies[0].Method, policy, model));
        }

        string key = CanonicalJson.Hash(string.Join('\n',
        [
            .. made.Select(m => CanonicalJson.Write(Fingerprints.OfMethod(m.Part.Method, m.Method, m.Part.Options))),
            .. streams.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => $"{s.Key} {s.Value.Rows.Fingerprint}"),
        ]));
        return new DataStage(new RowEdits(key, Apply) { ApplyToTokens = made.Any(m => m.Method.HasTokenHook) ? ApplyToTokens : null }, policy);

        TokenizedExample ApplyToTokens(TokenizedExample row) => made.Aggregate(row, (now, m) => m.Method.RunTransformTokens(now, m.Context));

        IReadOnlyList<FinetuneExample> Apply(IReadOnlyList<FinetuneExample> rows)
        {
            IEnumerable<FinetuneExample> edited = made.Aggregate((IEnumerable<FinetuneExample>)rows, (now, m) => m.Method.RunTransformExamples(now, m.Context));
            return [.. policy?.TrainingSystem is null ? edited : edited.Select(e => e with { System = policy.Join(e.System, PromptStage.Training) })];
        }
    }

    // A template without a place for a system text would drop it unseen.
    private static void CheckTemplate(string method, PromptPolicy policy, ModelDescription model)
    {
        IReadOnlyList<ChatMessage> plain = [new(ChatRole.User, "a")];
        foreach (PromptStage stage in Enum.GetValues<PromptStage>())
        {
            IReadOnlyList<ChatMessage> decorated = policy.Decorate(plain, stage);
            if (!ReferenceEquals(decorated, plain) && model.Template.EncodePrompt(decorated).SequenceEqual(model.Template.EncodePrompt(plain)))
            {
                throw new ConfigurationException($"The method '{method}' puts a system text before what '{model.Model.DisplayName}' is asked, and the template '{model.Template.Id}' has no place for one, so it would be lost. Name another template.");
            }
        }
    }
}
