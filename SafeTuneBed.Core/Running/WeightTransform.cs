using System.Text.Json.Nodes;
using SafeTuneBed.Models;
using SafeTuneBed.Training;
using static TorchSharp.torch;

namespace SafeTuneBed.Running;

/// <summary>Runs one method on a trained adapter. The model's weights are read layer by layer, and never all in memory.</summary>
internal static class WeightTransform
{
    /// <summary>The artifact with the method's adapter in the place of the one it started from. To be run on a compute thread.</summary>
    /// <param name="method">The method.</param>
    /// <param name="start">What it starts from; stays the caller's.</param>
    /// <param name="folder">The model underneath.</param>
    /// <param name="companions">What the method asked for.</param>
    /// <param name="calibration">The model with rows to run it on; null where the method asked for no stream.</param>
    /// <param name="cancellationToken">Stops it between layers.</param>
    /// <exception cref="ConfigurationException">The artifact has no adapter.</exception>
    public static (ModelArtifact Artifact, JsonObject Report) Run(
        MethodAlgorithm method, ModelArtifact start, string folder, IReadOnlyList<CompanionDescription> companions, Calibration? calibration, CancellationToken cancellationToken)
    {
        if (start.Adapter is not { } adapter)
        {
            throw new ConfigurationException("There is no adapter to work on: what was trained are whole weights, or nothing. Combine the method with a fine-tuning that trains an adapter.");
        }

        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var opened = new List<WeightFolder>();
        WeightTransformContext? context = null;
        try
        {
            WeightFolder Open(string path)
            {
                opened.Add(WeightFolder.Open(path));
                return opened[^1];
            }

            context = new WeightTransformContext(
                start.Model,
                adapter,
                Open(folder),
                start.Merges,
                companions.Where(c => c.Kind != ModelCompanion.SafeAdapter).ToDictionary(c => c.Kind, c => Open(c.Folder)),
                cancellationToken) { Calibration = calibration };
            method.RunTransform(context);
            var artifact = new ModelArtifact
            {
                Model = start.Model,
                Merges = start.Merges,
                Adapter = new PeftAdapter(
                    adapter.Config,
                    adapter.BaseModel,
                    context.Targets.ToDictionary(t => t.Path, t => (Copy(t.A), Copy(t.B)), StringComparer.Ordinal),
                    adapter.Saved.ToDictionary(s => s.Key, s => Copy(s.Value), StringComparer.Ordinal)),
            };
            return (artifact, Describe(context));
        }
        finally
        {
            foreach (WeightTarget target in context?.Targets ?? [])
            {
                target.Free();
            }

            opened.ForEach(o => o.Dispose());
        }
    }

    private static JsonObject Describe(WeightTransformContext context) => new()
    {
        ["figures"] = Numbers(context.Figures),
        ["layers"] = new JsonArray([.. context.Targets.Select(t => (JsonNode)new JsonObject { ["path"] = t.Path, ["figures"] = Numbers(t.Figures), ["skipped"] = t.Skipped })]),
    };

    // JSON knows no NaN.
    private static JsonObject Numbers(IReadOnlyDictionary<string, double> figures) => new(figures.Select(f => KeyValuePair.Create(
        f.Key, (JsonNode?)(double.IsFinite(f.Value) ? JsonValue.Create(f.Value) : JsonValue.Create(f.Value.ToString(System.Globalization.CultureInfo.InvariantCulture))))));

    private static Tensor Copy(Tensor tensor) => tensor.clone().DetachFromDisposeScope();
}
