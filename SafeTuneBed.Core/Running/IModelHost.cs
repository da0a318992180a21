using SafeTuneBed.Text;

namespace SafeTuneBed.Running;

/// <summary>What is known of a model without its weights.</summary>
internal sealed record ModelDescription
{
    public required ModelReference Model { get; init; }

    /// <summary>Where the files lie.</summary>
    public string Folder { get; init; } = "";

    /// <summary>SHA-256 over configuration and weights, hex: equal wherever the folder lies.</summary>
    public required string Fingerprint { get; init; }

    public required ModelTokenizer Tokenizer { get; init; }

    public required PromptTemplate Template { get; init; }

    /// <summary>The longest row that the model takes, in tokens.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Whether the model's folder brings a chat template.</summary>
    public bool HasChatTemplate { get; init; }

    /// <summary>Rows of the embedding: ids run below it.</summary>
    public int VocabularySize { get; init; } = int.MaxValue;

    /// <summary>Full paths of the linear layers that can carry an adapter.</summary>
    public IReadOnlyList<string> LinearPaths { get; init; } = [];

    /// <summary>The output head's path.</summary>
    public string HeadPath { get; init; } = "lm_head";

    /// <summary>Blocks of the network.</summary>
    public int BlockCount { get; init; }

    /// <summary>The network's shape; null where there is none, as in a stand-in.</summary>
    public Models.DecoderOptions? Options { get; init; }

    /// <summary>Bytes of the weights in the type in which they will be held.</summary>
    public long WeightBytes { get; init; }

    /// <summary>The device that will be used.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>The type of the arithmetic after the probe; part of the training fingerprint.</summary>
    public DataType ComputeType { get; init; } = DataType.Float32;
}

/// <summary>A companion of a model, without its weights.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Folder">Where its files lie.</param>
/// <param name="Fingerprint">Content hash.</param>
internal sealed record CompanionDescription(ModelCompanion Kind, string Folder, string Fingerprint);

/// <summary>Everything one transformation of a trained adapter needs.</summary>
internal sealed record TransformRequest
{
    public required ModelDescription Model { get; init; }

    /// <summary>The artifact whose adapter is transformed. Stays the caller's.</summary>
    public required ModelArtifact Start { get; init; }

    /// <summary>The companions that the method asked for.</summary>
    public IReadOnlyList<CompanionDescription> Companions { get; init; } = [];

    /// <summary>The rows of every stream that the method asked for, by name; without one the model itself is not loaded.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<TokenizedExample>> Streams { get; init; } = new Dictionary<string, IReadOnlyList<TokenizedExample>>();

    /// <summary>Gets what the method reports, for the run record.</summary>
    public Action<System.Text.Json.Nodes.JsonObject> Report { get; init; } = _ => { };
}

/// <summary>Everything one training needs.</summary>
internal sealed record TrainingRequest
{
    public required ModelDescription Model { get; init; }

    public required TrainingConfig Training { get; init; }

    public required LoraConfig Lora { get; init; }

    /// <summary>What the training starts from: all of it is merged into the model, and a fresh adapter attached. Null starts from the model. Stays the caller's.</summary>
    public ModelArtifact? Start { get; init; }

    public ulong Seed { get; init; }

    public required IReadOnlyList<TokenizedExample> Examples { get; init; }

    /// <summary>Rows of the streams that the method asked for.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<TokenizedExample>> Streams { get; init; } = new Dictionary<string, IReadOnlyList<TokenizedExample>>();

    public IProgress<TrainingProgress>? Progress { get; init; }

    /// <summary>Where the unfinished training is saved; null saves nothing.</summary>
    public Training.CheckpointStore? Checkpoints { get; init; }
}

/// <summary>The runner's view of models: describing them, and workers that train and answer.</summary>
internal interface IModelHost
{
    /// <summary>Reads configuration, tokenizer, template and the headers of the weights; no weight.</summary>
    /// <param name="model">The model.</param>
    /// <param name="template">The template's id; null takes the model's own.</param>
    /// <param name="cancellationToken">Stops the hashing of large weight files.</param>
    /// <exception cref="SafeTuneBedException">The model can't be used; the message names everything that is wrong with it.</exception>
    Task<ModelDescription> DescribeAsync(ModelReference model, string? template, CancellationToken cancellationToken);

    /// <summary>Reads headers and content hash of a companion.</summary>
    /// <param name="kind">Which.</param>
    /// <param name="companion">A model, or the folder of an adapter.</param>
    /// <param name="model">The model that it accompanies.</param>
    /// <param name="cancellationToken">Stops the hashing of large weight files.</param>
    /// <exception cref="SafeTuneBedException">It can't be used beside this model.</exception>
    Task<CompanionDescription> DescribeCompanionAsync(ModelCompanion kind, ModelReference companion, ModelDescription model, CancellationToken cancellationToken);

    /// <summary>Checks that the machinery can run at all, before the first cell.</summary>
    void Preflight();

    /// <summary>A worker with its own compute thread and share of the arithmetic threads.</summary>
    IModelWorker CreateWorker(int threads);

    /// <summary>Writes an artifact into a folder that exists.</summary>
    void Save(ModelArtifact artifact, string folder);

    /// <summary>Reads an artifact's description; weights may follow when it is opened.</summary>
    ModelArtifact Load(string folder, ModelReference model);

    /// <summary>Frees an artifact that <see cref="Load"/> or a worker made.</summary>
    void Release(ModelArtifact artifact);
}

/// <summary>Trains and answers, one thing at a time. May keep the base weights between cells.</summary>
internal interface IModelWorker : IAsyncDisposable
{
    /// <summary>Threads of its arithmetic.</summary>
    int Threads { get; }

    /// <summary>Trains on the model, or on what <see cref="TrainingRequest.Start"/> made of it; the result holds what it started from.</summary>
    Task<ModelArtifact> TrainAsync(MethodAlgorithm method, TrainingRequest request, CancellationToken cancellationToken);

    /// <summary>Lets a method work on a trained adapter. The result holds the same merges as what it started from.</summary>
    Task<ModelArtifact> TransformAsync(MethodAlgorithm method, TransformRequest request, CancellationToken cancellationToken);

    /// <summary>The model with its whole artifact, ready to answer. Valid until the next call of this worker; the worker owns it. The artifact stays the caller's.</summary>
    Task<ITextGenerator> OpenAsync(ModelDescription model, ModelArtifact artifact, CancellationToken cancellationToken);
}
