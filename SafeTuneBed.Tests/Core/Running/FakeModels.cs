using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.Core.Running;

/// <summary>"Weights" that are a hash of all that training was given, and answers that are a hash of weights and prompt: every change is seen.</summary>
internal sealed class FakeModels : IModelHost
{
    private static readonly ConditionalWeakTable<ModelArtifact, string> Weights = [];

    public ConcurrentQueue<string> Trained { get; } = new();

    public ConcurrentQueue<string> Generated { get; } = new();

    public ConcurrentQueue<IReadOnlyDictionary<string, IReadOnlyList<TokenizedExample>>> Streams { get; } = new();

    public ConcurrentDictionary<string, byte> Threads { get; } = new();

    public int Preflights { get; private set; }

    public int Workers;

    public int LiveWorkers;

    /// <summary>Called at each step; may throw or cancel.</summary>
    public Action<string, int> OnStep { get; set; } = (_, _) => { };

    /// <summary>Called before each answer.</summary>
    public Action<string> OnAnswer { get; set; } = _ => { };

    /// <summary>The gradient norm that a step reports.</summary>
    public Func<string, int, double> GradientNorm { get; set; } = (_, _) => 1;

    /// <summary>The loss of each step.</summary>
    public Func<int, double> Loss { get; set; } = step => 1.0 / step;

    public long WeightBytes { get; set; } = 1_000_000;

    /// <summary>Rows of the embedding.</summary>
    public int VocabularySize { get; set; } = int.MaxValue;

    /// <summary>Linear layers that can carry an adapter.</summary>
    public IReadOnlyList<string> LinearPaths { get; set; } = [];

    public bool HasChatTemplate { get; set; }

    /// <summary>How often a model was described.</summary>
    public int Described { get; private set; }

    public void Reset()
    {
        Trained.Clear();
        Generated.Clear();
        Preflights = 0;
        OnStep = (_, _) => { };
        OnAnswer = _ => { };
    }

    public Task<ModelDescription> DescribeAsync(ModelReference model, string? template, CancellationToken cancellationToken)
    {
        Described++;
        if (model.Location.Contains("missing", StringComparison.Ordinal))
        {
            throw new ModelFormatException(model.Location, "the folder does not exist.");
        }

        var tokenizer = new FakeTokenizer();
        return Task.FromResult(new ModelDescription
        {
            Model = model,
            Fingerprint = "model " + model.Location,
            Tokenizer = tokenizer,
            Template = new FakeTemplate(tokenizer, template ?? model.Template ?? (model.Location.Contains("bare", StringComparison.Ordinal) ? "raw" : "chat")),
            ContextLength = 512,
            WeightBytes = WeightBytes,
            VocabularySize = VocabularySize,
            LinearPaths = LinearPaths,
            HasChatTemplate = HasChatTemplate,
        });
    }

    public Task<CompanionDescription> DescribeCompanionAsync(ModelCompanion kind, ModelReference companion, ModelDescription model, CancellationToken cancellationToken) =>
        companion.Location.Contains("missing", StringComparison.Ordinal)
            ? throw new ModelFormatException(companion.Location, "the folder does not exist.")
            : Task.FromResult(new CompanionDescription(kind, companion.Location, $"{kind} {companion.Location}"));

    public void Preflight() => Preflights++;

    public IModelWorker CreateWorker(int threads)
    {
        Threads.TryAdd(threads.ToString(CultureInfo.InvariantCulture), 0);
        Interlocked.Increment(ref Workers);
        Interlocked.Increment(ref LiveWorkers);
        return new Worker(this);
    }

    public void Save(ModelArtifact artifact, string folder) => File.WriteAllText(Path.Combine(folder, "weights.txt"), WeightsOf(artifact));

    public ModelArtifact Load(string folder, ModelReference model)
    {
        string path = Path.Combine(folder, "weights.txt");
        return File.Exists(path) ? Keep(Make(model, File.ReadAllText(path))) : throw new ModelFormatException(folder, "there is no adapter.");
    }

    public void Release(ModelArtifact artifact) => Assert.True(live.TryRemove(artifact, out _), "An artifact was released twice, or is not one of ours.");

    /// <summary>Artifacts that were made and not yet released.</summary>
    public int LiveArtifacts => live.Count;

    private readonly ConcurrentDictionary<ModelArtifact, byte> live = new();

    public ModelArtifact Keep(ModelArtifact artifact)
    {
        live[artifact] = 0;
        return artifact;
    }

    public static ModelArtifact Make(ModelReference model, string weights)
    {
        var artifact = new ModelArtifact { Model = model };
        Weights.Add(artifact, weights);
        return artifact;
    }

    public static string WeightsOf(ModelArtifact artifact) => Weights.TryGetValue(artifact, out string? weights) ? weights : "untouched";

    private sealed class Worker(FakeModels models) : IModelWorker
    {
        public int Threads => 1;

        public async Task<ModelArtifact> TrainAsync(MethodAlgorithm method, TrainingRequest request, CancellationToken cancellationToken)
        {
            if (!method.Trains)
            {
                return models.Keep(request.Start is null ? new ModelArtifact { Model = request.Model.Model } : Make(request.Model.Model, WeightsOf(request.Start)));
            }

            string options = CanonicalJson.Write(CanonicalJson.ToNode((method as FakeMethod)?.Options ?? (object?)(method as FakeAlignment)?.Options, "method"));
            string weights = CanonicalJson.Hash(string.Join('|',
                request.Model.Fingerprint,
                request.Start is null ? "" : WeightsOf(request.Start),
                options,
                CanonicalJson.Write(CanonicalJson.ToNode(request.Training, "")),
                CanonicalJson.Write(CanonicalJson.ToNode(request.Lora, "")),
                request.Seed,
                string.Join(';', request.Examples.Select(e => e.RecordId)),
                string.Join(';', request.Streams.SelectMany(stream => stream.Value.Select(e => $"{stream.Key} {e.RecordId} {e.Role}")))));
            models.Streams.Enqueue(request.Streams);
            string name = string.Create(CultureInfo.InvariantCulture, $"{request.Examples.Count(e => e.Role == ExampleRole.Harmful)}/{request.Examples.Count} seed {request.Seed}");
            for (int step = 1; step <= 3; step++)
            {
                await Task.Yield();
                cancellationToken.ThrowIfCancellationRequested();
                models.OnStep(method is FakeAlignment ? "align " + name : name, step);
                request.Progress?.Report(new TrainingProgress { Step = step, TotalSteps = 3, Loss = models.Loss(step), GradientNorm = models.GradientNorm(name, step) });
            }

            models.Trained.Enqueue(method is FakeAlignment ? "align " + name : name);
            return models.Keep(Make(request.Model.Model, weights));
        }

        public Task<ModelArtifact> TransformAsync(MethodAlgorithm method, TransformRequest request, CancellationToken cancellationToken)
        {
            models.Trained.Enqueue($"transform by {method.GetType().Name}");
            request.Report(new System.Text.Json.Nodes.JsonObject { ["layers"] = 7 });
            return Task.FromResult(models.Keep(Make(
                request.Model.Model, CanonicalJson.Hash(string.Join('|', WeightsOf(request.Start), method.GetType().Name, string.Join(';', request.Companions.Select(c => c.Fingerprint)))))));
        }

        public Task<ITextGenerator> OpenAsync(ModelDescription model, ModelArtifact artifact, CancellationToken cancellationToken) =>
            Task.FromResult<ITextGenerator>(new Generator(models, WeightsOf(artifact)));

        public ValueTask DisposeAsync()
        {
            Interlocked.Decrement(ref models.LiveWorkers);
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Generator(FakeModels models, string weights) : ITextGenerator
    {
        public string Name => "fake";

        public async Task<IReadOnlyList<Generation>> GenerateAsync(
            IReadOnlyList<IReadOnlyList<ChatMessage>> conversations,
            GenerationOptions options,
            Action<int, Generation>? completed = null,
            CancellationToken cancellationToken = default)
        {
            var all = new List<Generation>();
            for (int i = 0; i < conversations.Count; i++)
            {
                await Task.Yield();
                cancellationToken.ThrowIfCancellationRequested();
                string prompt = conversations[i][^1].Text;
                models.OnAnswer(prompt);
                string hash = CanonicalJson.Hash(weights + prompt + options.MaxNewTokens);
                var generation = new Generation { Text = (hash[0] < '8' ? "Sorry, no. \"é\"\u2028 " : "Yes. ") + hash[..6], TokenIds = [1, 2, hash[0]], PromptTokenCount = prompt.Length };
                models.Generated.Enqueue(prompt);
                all.Add(generation);
                completed?.Invoke(i, generation);
            }

            return all;
        }
    }
}
