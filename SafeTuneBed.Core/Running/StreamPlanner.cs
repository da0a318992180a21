namespace SafeTuneBed.Running;

/// <summary>Finds the data set behind each stream that a method asks for: the grid's, else the model's default.</summary>
internal sealed class StreamPlanner(IDataHost data)
{
    private static readonly string[] WellKnown = ["align", "harmful", "retain"];

    /// <summary>What is wrong with a grid's streams: unknown data sets, and names that nobody asks for. Opens no file.</summary>
    public IEnumerable<string> FindFaults(ExperimentGrid grid, IReadOnlyDictionary<string, MethodNeeds> needs)
    {
        string[] asked = [.. needs.Values.SelectMany(n => n.Streams).Distinct(StringComparer.Ordinal)];
        foreach ((string name, DatasetSelector selector) in grid.Streams)
        {
            if (Find(selector) is null)
            {
                yield return $"The stream '{name}' is to be fed by the data set '{selector}', which does not exist.{NearestName.Hint(selector.Name ?? "", data.DatasetNames)}";
            }

            if (!asked.Contains(name) && !WellKnown.Contains(name))
            {
                yield return $"The grid gives a stream '{name}', but no method of it asks for one of this name.{NearestName.Hint(name, asked.Union(WellKnown))}";
            }
        }
    }

    /// <summary>The data sets of the streams that a method asks for, by name.</summary>
    /// <exception cref="ConfigurationException">Neither grid nor model gives one of them; the message says how to.</exception>
    public IReadOnlyDictionary<string, FinetuneDatasetConfig> Resolve(ExperimentGrid grid, ModelReference model, string method, MethodNeeds needs) => new SortedDictionary<string, FinetuneDatasetConfig>(
        needs.Streams.ToDictionary(
            name => name,
            name => (grid.Streams.TryGetValue(name, out DatasetSelector selector) ? Find(selector) : Default(model, name))
                ?? throw new ConfigurationException($"The method '{method}' asks for the data stream '{name}', and neither the grid nor the model '{model.DisplayName}' gives one. "
                    + $"Set it on the grid: Streams = new Dictionary<string, DatasetSelector> {{ [\"{name}\"] = \"a registered name\" }}, or a recipe of your own in place of the name. The sandbox model has 'align' and 'harmful' by itself.")),
        StringComparer.Ordinal);

    /// <summary>The data sets that a grid names, for checks of files and licences.</summary>
    public IEnumerable<FinetuneDatasetConfig> DatasetsOf(ExperimentGrid grid) => grid.Streams.Values.Select(Find).OfType<FinetuneDatasetConfig>();

    private FinetuneDatasetConfig? Find(DatasetSelector selector) => selector.Config ?? data.FindDataset(selector.Name ?? "");

    private static FinetuneDatasetConfig? Default(ModelReference model, string name) => model.IsSandbox ? FinetuneDatasets.Sandbox.Streams.GetValueOrDefault(name) : null;
}
