using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models.Families;
using SafeTuneBed.Text;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>Merges adapters, one after the other, into their model's folder and measures what that changed. Two models are never loaded at once.</summary>
internal static class AdapterMerger
{
    // What is there after a crash under this ending is rubbish.
    private const string Unfinished = ".unfinished";

    /// <summary>Writes <paramref name="folder"/>, which appears only when it is whole. To be run on a compute thread.</summary>
    /// <exception cref="ConfigurationException">The folder is not empty, or an option is out of range.</exception>
    /// <exception cref="ModelFormatException">The adapter does not fit the model.</exception>
    public static MergeResult Merge(string baseFolder, IReadOnlyList<PeftAdapter> adapters, string folder, MergeOptions options, DataType dataType, Device device, CancellationToken cancellationToken)
    {
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new ConfigurationException($"The folder {folder} is not empty. Give a new one for the merged model, or clear it.");
        }

        // In f32 unless asked otherwise: narrower arithmetic would drown what the merge itself changes.
        ScalarType type = CapabilityProbe.Choose(dataType == DataType.Auto ? DataType.Float32 : dataType, device, ModelFamilies.Describe(baseFolder).HiddenSize);
        int[][] prompts = Prompts(baseFolder, options.Prompts);
        using var scope = NewDisposeScope();
        List<Tensor> before, after;
        int replaced;
        string beside = Path.TrimEndingDirectorySeparator(folder) + Unfinished;
        IReadOnlyList<string> files;
        try
        {
            using (Decoder decoder = Decoder.Load(baseFolder, type, device))
            {
                IReadOnlyDictionary<string, Tensor>[] whole = [.. adapters.Select(a => AdapterFit.Check(decoder, a))];
                replaced = whole.SelectMany(w => w.Keys).Distinct().Count();
                foreach (PeftAdapter below in adapters.SkipLast(1))
                {
                    MergedWeights.Merge(decoder, below);
                }

                using LoraAdapter adapter = LoraAdapter.Load(decoder, adapters[^1]);
                adapter.Attach(decoder);
                before = Logits(decoder, prompts, cancellationToken);
                LoraAdapter.Detach(decoder);
                Delete(beside);
                Directory.CreateDirectory(beside);
                files = new MergedFolder(baseFolder, [.. adapters.Zip(whole)]).Write(beside, options.MaxShardBytes, cancellationToken);
            }

            using (Decoder decoder = Decoder.Load(beside, type, device))
            {
                after = Logits(decoder, prompts, cancellationToken);
            }

            Delete(folder);
            Directory.Move(beside, folder);
        }
        catch
        {
            Delete(beside);
            throw;
        }

        Tensor a = cat(before, 0), b = cat(after, 0), difference = a.sub(b).abs();
        return new MergeResult
        {
            Folder = folder,
            WeightFiles = files,
            MergedLayers = adapters.SelectMany(a => a.Factors.Keys).Distinct().Count(),
            ReplacedWeights = replaced,
            MaxLogitDifference = difference.max().item<double>(),
            MeanLogitDifference = difference.mean().item<double>(),
            LargestLogit = a.abs().max().item<double>(),
            SameChoices = a.argmax(-1).eq(b.argmax(-1)).to(ScalarType.Float64).mean().item<double>(),
            Positions = (int)a.size(0),
        };
    }

    private static void Delete(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static int[][] Prompts(string folder, IReadOnlyList<string> texts)
    {
        DecoderOptions model = ModelFamilies.Describe(folder);
        if (!File.Exists(Path.Combine(folder, "tokenizer.json")) && !File.Exists(Path.Combine(folder, "tokenizer.model")))
        {
            // Weights without a tokenizer: ids from all over the vocabulary.
            int length = Math.Min(16, model.ContextLength);
            return [.. texts.Select((_, row) => Enumerable.Range(0, length).Select(i => (int)((((row * length) + i) * 7919L) % model.VocabularySize)).ToArray())];
        }

        ModelTokenizer tokenizer = ModelTokenizer.Load(folder);
        int[] start = tokenizer is { AddsBos: true, BosId: { } bos } ? [bos] : [];
        return [.. texts.Select(t => start.Concat(tokenizer.Encode(t)).Take(model.ContextLength).ToArray()).Where(ids => ids.Length > 0)];
    }

    // [positions, V] per prompt, in f64 on the CPU.
    private static List<Tensor> Logits(Decoder decoder, int[][] prompts, CancellationToken cancellationToken)
    {
        using var noGrad = no_grad();
        var logits = new List<Tensor>();
        foreach (int[] ids in prompts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            decoder.CheckIds(ids);
            Tensor ids_1T = tensor(ids.Select(i => (long)i).ToArray()).unsqueeze(0).to(decoder.Device);
            logits.Add(decoder.Head(decoder.Hidden(ids_1T)).squeeze(0).to(ScalarType.Float64).cpu().MoveToOuterDisposeScope());
        }

        return logits;
    }
}
