using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace SafeTuneBed.Running;

/// <summary>Builds the two fingerprints of a run: what decides the weights, and what decides the scores. The package's version is in neither.</summary>
internal static class Fingerprints
{
    /// <summary>Raise it whenever the engine computes other numbers from the same inputs: every earlier training then counts as another one.</summary>
    public const int NumericsVersion = 3;

    private const int Format = 1;

    private static readonly ConditionalWeakTable<object, string> ItemHashes = [];

    /// <summary>Everything that decides the weights of a training; what it starts from is in by its own fingerprint.</summary>
    public static JsonObject OfTraining(
        ModelDescription model, string methodName, MethodAlgorithm method, FinetuneExperimentConfig experiment, RowsSummary? rows, IReadOnlyDictionary<string, CellStream> streams, ulong seed, Cell? source,
        IEnumerable<JsonObject>? before = null, PromptPolicy? policy = null)
    {
        JsonObject parts = OfModel(model);
        parts["method"] = OfMethod(methodName, method, experiment.Options);
        if (source is not null)
        {
            parts["source"] = source.Fingerprint;
        }

        if (before?.ToArray() is { Length: > 0 } earlier)
        {
            parts["dataMethods"] = new JsonArray([.. earlier]);
        }

        if (policy is not null)
        {
            parts["promptPolicy"] = CanonicalJson.ToNode(policy, "the prompt policy");
        }

        if (rows is not null)
        {
            parts["data"] = rows.Fingerprint;
            parts["training"] = CanonicalJson.ToNode(experiment.Training with { GradientCheckpointing = false }, "training"); // which changes no number
            if (method.Trainable == TrainableWeights.All)
            {
                parts["trains"] = "all"; // adapters have no part in it
            }
            else
            {
                parts["lora"] = CanonicalJson.ToNode(Sorted(experiment.Lora), "the adapters");
            }

            parts["seed"] = seed;
        }

        if (streams.Count > 0)
        {
            parts["streams"] = OfStreams(streams);
        }

        return parts;
    }

    /// <summary>Everything that decides what a method makes of a trained adapter.</summary>
    public static JsonObject OfTransform(ModelDescription model, MethodPartConfig part, MethodAlgorithm method, Cell source, IReadOnlyList<CompanionDescription> companions, IReadOnlyDictionary<string, CellStream> streams)
    {
        JsonObject parts = OfModel(model);
        parts["method"] = OfMethod(part.Method, method, part.Options);
        parts["source"] = source.Fingerprint;
        if (companions.Count > 0)
        {
            parts["companions"] = new JsonObject(companions.OrderBy(c => c.Kind).Select(c => KeyValuePair.Create(c.Kind.ToString(), (JsonNode?)c.Fingerprint)));
        }

        if (streams.Count > 0)
        {
            parts["streams"] = OfStreams(streams);
        }

        return parts;
    }

    private static JsonObject OfStreams(IReadOnlyDictionary<string, CellStream> streams) =>
        new(streams.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value.Rows.Fingerprint)));

    /// <summary>A method by name, class, version and options.</summary>
    public static JsonObject OfMethod(string name, MethodAlgorithm method, MethodOptions? options) => new()
    {
        ["name"] = name,
        ["type"] = method.GetType().FullName,
        ["version"] = method.Version,
        ["options"] = OfOptions(name, options),
    };

    /// <summary>An artifact that was trained elsewhere: its content stands for its history.</summary>
    public static JsonObject OfArtifact(ModelDescription model, string contentHash)
    {
        JsonObject parts = OfModel(model);
        parts["artifact"] = contentHash;
        return parts;
    }

    /// <summary>Everything that decides the scores of one evaluator on a cell.</summary>
    public static JsonObject OfEvaluation(
        string trainingFingerprint,
        string evaluatorName,
        IEvaluator evaluator,
        object? options,
        string itemsHash,
        FinetuneDatasetConfig? dataset,
        bool asksSplit,
        GenerationOptions decoding,
        ulong seed)
    {
        FinetuneDatasetConfig? task = asksSplit ? dataset : null;
        var parts = new JsonObject
        {
            ["format"] = Format,
            ["model"] = trainingFingerprint,
            ["evaluator"] = evaluatorName,
            ["type"] = evaluator.GetType().FullName,
            ["options"] = CanonicalJson.ToNode(options, $"evaluator '{evaluatorName}'"),
            ["metrics"] = new JsonArray([.. evaluator.MetricsOf(dataset).Select(m => new JsonObject
            {
                ["name"] = m.Name,
                ["version"] = m.Version,
                ["kind"] = m.Kind.ToString(),
                ["minimum"] = m.Minimum,
                ["maximum"] = m.Maximum,
                ["direction"] = m.Direction.ToString(),
            })]),
            ["items"] = itemsHash,
            ["task"] = task is null ? null : new JsonObject
            {
                ["answer"] = task.Answer.ToString(),
                ["labels"] = new JsonArray([.. task.Labels.Select(l => (JsonNode)l)]),
                ["inputPlacement"] = task.InputPlacement.ToString(),
            },
            ["decoding"] = OfDecoding(decoding),
            ["seed"] = seed,
        };
        if (evaluator.Scorer is { } scorer)
        {
            parts["scorer"] = scorer;
        }

        return parts;
    }

    /// <summary>What an answer to a given prompt depends on. The batch size is left out: it does not change answers.</summary>
    public static string AnswerKey(string trainingFingerprint, GenerationOptions decoding) =>
        CanonicalJson.Hash(new JsonObject { ["model"] = trainingFingerprint, ["decoding"] = OfDecoding(decoding) })[..32];

    /// <summary>What a log-probability of given texts depends on.</summary>
    public static string LikelihoodKey(string trainingFingerprint) => CanonicalJson.Hash(new JsonObject { ["model"] = trainingFingerprint })[..32];

    /// <summary>Hash of an item list: ids, texts and further columns, in order. Lists are taken as unchanging: each is hashed once.</summary>
    public static string OfItems(
        IReadOnlyList<PromptItem> prompts, IReadOnlyList<FinetuneExample> examples, IReadOnlyDictionary<string, IReadOnlyList<PromptItem>>? further = null) =>
        CanonicalJson.Hash($"{OfList(prompts)} {OfList(examples)}{string.Concat((further ?? new Dictionary<string, IReadOnlyList<PromptItem>>()).OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => $" {f.Key} {OfList(f.Value)}"))}");

    private static string OfList<T>(IReadOnlyList<T> items)
        where T : class => ItemHashes.GetValue(items, static list =>
        {
            var text = new System.Text.StringBuilder();
            foreach (T item in (IReadOnlyList<T>)list)
            {
                text.Append(CanonicalJson.Write(CanonicalJson.ToNode(item, "an evaluation item"))).Append('\n');
            }

            return CanonicalJson.Hash(text.ToString());
        });

    private static JsonNode? OfOptions(string name, MethodOptions? options)
    {
        JsonNode? node = CanonicalJson.ToNode(options, $"method '{name}'");
        if (options is AlignmentOptions && node?["training"] is JsonObject training && training.ContainsKey("gradientCheckpointing"))
        {
            training["gradientCheckpointing"] = null; // which changes no number
        }

        return node;
    }

    // Adapters are attached in the order of the network: in which order their names were written changes no weight.
    private static LoraConfig Sorted(LoraConfig lora) => lora with { TargetModules = [.. lora.TargetModules.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)] };

    private static JsonObject OfModel(ModelDescription model) => new()
    {
        ["format"] = Format,
        ["numerics"] = NumericsVersion,
        ["model"] = model.Fingerprint,
        ["computeType"] = model.ComputeType.ToString(),
        ["device"] = model.Device.Split(':')[0],
        ["tokenizer"] = model.Tokenizer.Fingerprint,
        ["template"] = $"{model.Template.Id} {model.Template.Fingerprint}",
    };

    private static JsonNode? OfDecoding(GenerationOptions decoding)
    {
        JsonNode? node = CanonicalJson.ToNode(decoding, "decoding");
        node?.AsObject().Remove("batchSize");

        // Settings that came later are left out where they are off, so that answers from before them still count.
        if (!decoding.UseModelDefaults)
        {
            node?.AsObject().Remove("useModelDefaults");
        }

        if (decoding.RepetitionPenalty == 1)
        {
            node?.AsObject().Remove("repetitionPenalty");
        }

        return node;
    }
}
