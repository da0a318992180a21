using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models;
using SafeTuneBed.Training;

namespace SafeTuneBed.Running;

/// <summary>One compute thread with at most one model on it; the base weights stay loaded between cells.</summary>
internal sealed class ModelWorker(int threads) : IModelWorker
{
    private readonly ComputeThread thread = new(threads);
    private LanguageModel? model;
    private LoraAdapter? adapter;
    private string? loaded;

    public int Threads => threads;

    public async Task<ModelArtifact> TrainAsync(MethodAlgorithm method, TrainingRequest request, CancellationToken cancellationToken)
    {
        LanguageModel? language = null;
        if (method.Trains)
        {
            language = await LoadAsync(request.Model, request.Start?.Layers ?? [], cancellationToken).ConfigureAwait(false);
            await DetachAsync().ConfigureAwait(false);
        }

        using var context = new TrainingContext
        {
            Model = request.Model.Model,
            Training = request.Training,
            Lora = request.Lora,
            Seed = request.Seed,
            Examples = request.Examples,
            StreamRows = request.Streams,
            Progress = request.Progress,
            Checkpoints = request.Checkpoints,
            LanguageModel = language!,
        };
        ModelArtifact artifact = await method.TrainAsync(context, cancellationToken).ConfigureAwait(false);
        artifact.Merges = request.Start?.Layers ?? [];
        return artifact;
    }

    public async Task<ModelArtifact> TransformAsync(MethodAlgorithm method, TransformRequest request, CancellationToken cancellationToken)
    {
        // Only what looks at activations needs the model itself; the rest reads weights from disk.
        LanguageModel? language = null;
        if (request.Streams.Count > 0)
        {
            language = await LoadAsync(request.Model, request.Start.Merges, cancellationToken).ConfigureAwait(false);
            await DetachAsync().ConfigureAwait(false);
        }

        return await thread.RunAsync(
            () =>
            {
                Calibration? calibration = language is null ? null : new Calibration(language.Decoder, request.Start.Adapter, request.Streams);
                (ModelArtifact artifact, System.Text.Json.Nodes.JsonObject report) = WeightTransform.Run(method, request.Start, request.Model.Folder, request.Companions, calibration, cancellationToken);
                request.Report(report);
                return artifact;
            },
            cancellationToken).ConfigureAwait(false);
    }

    public async Task<ITextGenerator> OpenAsync(ModelDescription description, ModelArtifact artifact, CancellationToken cancellationToken)
    {
        LanguageModel language = artifact.Whole is { } whole
            ? await LoadAsync(description with { Folder = whole.Folder }, [], cancellationToken).ConfigureAwait(false)
            : await LoadAsync(description, artifact.Merges, cancellationToken).ConfigureAwait(false);
        await DetachAsync().ConfigureAwait(false);
        if (artifact.Adapter is { } peft)
        {
            await thread.RunAsync(
                () =>
                {
                    adapter = LoraAdapter.Load(language.Decoder, peft);
                    adapter.Attach(language.Decoder);
                    return true;
                },
                cancellationToken).ConfigureAwait(false);
        }

        return artifact.PromptPolicy is { } policy ? language.Through(new Text.PolicyPromptTemplate(language.Template, policy)) : language;
    }

    public async ValueTask DisposeAsync()
    {
        await UnloadAsync().ConfigureAwait(false);
        thread.Dispose();
    }

    private async Task<LanguageModel> LoadAsync(ModelDescription description, IReadOnlyList<PeftAdapter> merges, CancellationToken cancellationToken)
    {
        // Everything that the loaded model answers by: two folders may differ in their tokenizer alone. Merging can't be taken back to the bit, so other merges mean loading again.
        string key = $"{description.Folder} {description.Fingerprint} {description.Tokenizer.Fingerprint} {description.Template.Id} {description.Template.Fingerprint} {description.ComputeType} {description.Device} {string.Join(' ', merges.Select(m => m.Fingerprint))}";
        if (model is not null && loaded == key)
        {
            return model;
        }

        await UnloadAsync().ConfigureAwait(false);
        model = await LanguageModel.LoadAsync(
            description.Folder,
            description.Tokenizer,
            description.Template,
            thread,
            description.ComputeType,
            description.Device,
            description.Model.DisplayName,
            cancellationToken).ConfigureAwait(false);
        if (merges.Count > 0)
        {
            await thread.RunAsync(
                () =>
                {
                    foreach (PeftAdapter merge in merges)
                    {
                        MergedWeights.Merge(model.Decoder, merge);
                    }

                    return true;
                },
                CancellationToken.None).ConfigureAwait(false);
        }

        loaded = key;
        return model;
    }

    private Task DetachAsync() => thread.RunAsync(
        () =>
        {
            if (model is not null)
            {
                LoraAdapter.Detach(model.Decoder);
            }

            adapter?.Dispose();
            adapter = null;
            return true;
        },
        CancellationToken.None);

    private async Task UnloadAsync()
    {
        if (model is null)
        {
            return;
        }

        await DetachAsync().ConfigureAwait(false);
        await thread.RunAsync(
            () =>
            {
                model.Dispose();
                return true;
            },
            CancellationToken.None).ConfigureAwait(false);
        (model, loaded) = (null, null);
    }
}
