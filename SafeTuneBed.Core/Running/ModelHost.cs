using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models;
using SafeTuneBed.Models.Families;
using SafeTuneBed.Text;
using SafeTuneBed.Text.Jinja;
using TorchSharp;

namespace SafeTuneBed.Running;

/// <summary>Real models behind the runner: folders, tokenizers, templates, workers.</summary>
internal sealed class ModelHost(BedSettings settings) : IModelHost
{
    private readonly FileHashes hashes = FileHashes.ForUser();

    public async Task<ModelDescription> DescribeAsync(ModelReference model, string? template, CancellationToken cancellationToken)
    {
        string folder = ModelFolder.Of(model, settings);
        DecoderOptions options = ModelFamilies.Describe(folder);
        ModelTokenizer tokenizer = ModelTokenizer.Load(folder);
        PromptTemplate prompt = PromptTemplates.Resolve(template, folder, tokenizer, (source, file) => ChatTemplateOf(source, file, tokenizer));
        Preflight(); // which type Auto means depends on the device
        torch.Device device = ComputeDevice.Parse(model.Device);
        torch.ScalarType type = CapabilityProbe.Choose(model.DataType, device, options.HiddenSize);
        long stored = ModelFingerprint.WeightFiles(folder).Sum(f => new FileInfo(Path.Combine(folder, f)).Length);
        return new ModelDescription
        {
            Model = model,
            Folder = folder,
            Fingerprint = await ModelFingerprint.OfAsync(folder, hashes, cancellationToken).ConfigureAwait(false),
            Tokenizer = tokenizer,
            Template = prompt,
            ContextLength = options.ContextLength,
            WeightBytes = stored,
            Device = device.ToString(),
            ComputeType = type switch
            {
                torch.ScalarType.BFloat16 => DataType.BFloat16,
                torch.ScalarType.Float16 => DataType.Float16,
                _ => DataType.Float32,
            },
        };
    }

    public void Preflight() => TorchPreflight.Check();

    public IModelWorker CreateWorker(int threads) => new ModelWorker(threads);

    public void Save(ModelArtifact artifact, string folder) => artifact.Save(folder);

    public ModelArtifact Load(string folder, ModelReference model) => ModelArtifact.Load(folder, model);

    public void Release(ModelArtifact artifact) => artifact.Dispose();

    private static JinjaChatTemplate ChatTemplateOf(string source, string file, ModelTokenizer tokenizer)
    {
        var special = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string role in new[] { "bos_token", "eos_token", "pad_token", "unk_token" })
        {
            if (tokenizer.SpecialTokenText(role) is { } text)
            {
                special[role] = text;
            }
        }

        // No clock: a template that writes today's date then takes its own fixed one, so that a prompt is the same tomorrow.
        return new JinjaChatTemplate(source, file, special);
    }
}
