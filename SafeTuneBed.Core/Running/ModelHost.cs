using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models;
using SafeTuneBed.Models.Families;
using SafeTuneBed.Text;
using TorchSharp;

namespace SafeTuneBed.Running;

/// <summary>Real models behind the runner: folders, tokenizers, templates, workers.</summary>
internal sealed class ModelHost(BedSettings settings) : IModelHost
{
    private readonly FileHashes hashes = FileHashes.ForUser();

    public async Task<ModelDescription> DescribeAsync(ModelReference model, string? template, CancellationToken cancellationToken)
    {
        string folder = ModelFolder.Of(model, settings);
        var faults = new List<Problem>();
        DecoderOptions? options = Problem.Collect(faults, () => ModelFamilies.Describe(folder));
        ModelTokenizer? tokenizer = Problem.Collect(faults, () => ModelTokenizer.Load(folder));
        PromptTemplate? prompt = tokenizer is null ? null : Problem.Collect(faults, () =>
        {
            PromptTemplate made = ModelText.Template(template, folder, tokenizer);
            made.EncodePrompt([new(Microsoft.Extensions.AI.ChatRole.User, "a")]); // a template that can't be rendered must not show after the weights are loaded
            return made;
        });
        torch.Device? device = null;
        if (Problem.Try(faults, Preflight)) // which type Auto means depends on the device
        {
            Problem.Try(faults, () => options = CheckWeights(folder, options));
            device = Problem.Collect(faults, () => ComputeDevice.Parse(model.Device));
        }

        Problem.ThrowIfAny(faults, several => new ModelFormatException(folder, "the model can't be used. " + several));
        torch.ScalarType type = CapabilityProbe.Choose(model.DataType, device!, options!.HiddenSize);
        return new ModelDescription
        {
            Model = model,
            Folder = folder,
            Fingerprint = await ModelFingerprint.OfAsync(folder, hashes, cancellationToken).ConfigureAwait(false),
            Tokenizer = tokenizer!,
            Template = prompt!,
            HasChatTemplate = ModelText.HasChatTemplate(folder),
            ContextLength = options.ContextLength,
            VocabularySize = options.VocabularySize,
            LinearPaths = WeightLayout.LinearPaths(options),
            BlockCount = options.LayerCount,
            HeadPath = WeightLayout.Head(options)[..^".weight".Length],
            Options = options,
            WeightBytes = MemoryEstimator.WeightBytes(options, type is torch.ScalarType.BFloat16 or torch.ScalarType.Float16 ? 2 : 4),
            Device = device!.ToString(),
            ComputeType = type switch
            {
                torch.ScalarType.BFloat16 => DataType.BFloat16,
                torch.ScalarType.Float16 => DataType.Float16,
                _ => DataType.Float32,
            },
        };
    }

    public async Task<CompanionDescription> DescribeCompanionAsync(ModelCompanion kind, ModelReference companion, ModelDescription model, CancellationToken cancellationToken)
    {
        Preflight();
        if (kind == ModelCompanion.SafeAdapter)
        {
            using PeftAdapter adapter = PeftAdapter.Load(Path.GetFullPath(companion.Location));
            return new CompanionDescription(kind, Path.GetFullPath(companion.Location), adapter.Fingerprint);
        }

        string folder = ModelFolder.Of(companion, settings);
        using (WeightFolder own = WeightFolder.Open(folder), aligned = WeightFolder.Open(model.Folder))
        {
            if (own.FindDifference(aligned) is { } difference)
            {
                throw new ModelFormatException(folder, $"it can't be the companion {kind} of '{model.Model.DisplayName}': {difference}. Both must be of one architecture.");
            }
        }

        string fingerprint = await ModelFingerprint.OfAsync(folder, hashes, cancellationToken).ConfigureAwait(false);
        return fingerprint == await ModelFingerprint.OfAsync(model.Folder, hashes, cancellationToken).ConfigureAwait(false)
            ? throw new ModelFormatException(folder, $"it can't be the companion {kind} of '{model.Model.DisplayName}': its weights are that model's own, and nothing lies between them. Give the other model's folder.")
            : new CompanionDescription(kind, folder, fingerprint);
    }

    public void Preflight() => TorchPreflight.Check();

    public IModelWorker CreateWorker(int threads) => new ModelWorker(threads);

    public void Save(ModelArtifact artifact, string folder) => artifact.Save(folder);

    public ModelArtifact Load(string folder, ModelReference model) => ModelArtifact.Load(folder, model);

    public void Release(ModelArtifact artifact) => artifact.Dispose();

    // Headers alone: a shard that is missing is found before a night of training, not after it.
    // The options again, with the root that this folder's tensor names have.
    private static DecoderOptions? CheckWeights(string folder, DecoderOptions? options)
    {
        var faults = new ModelFaults(folder);
        using (SafetensorsShards files = SafetensorsShards.Open(folder, faults))
        {
            if (options is not null)
            {
                options = WeightLayout.Resolve(options, files);
                WeightLayout.Find(files, options, faults);
            }
        }

        faults.ThrowIfAny($"Weights and {ModelConfig.FileName} must be whole and come from the same model: fetch the folder again, or mend what is named.");
        return options;
    }
}
