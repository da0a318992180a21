namespace SafeTuneBed.Running;

/// <summary>
/// Lays a grid's harmful sources over its data sets: each poisoned recipe once with each corpus. A recipe keeps its name with the corpus that it has anyway,
/// so its runs are shared with grids without this axis; with another the corpus's name is added. Recipes without poison stand once.
/// </summary>
internal static class HarmfulAxis
{
    /// <summary>The grid with one data set for each combination.</summary>
    /// <exception cref="ConfigurationException">A corpus is unknown.</exception>
    public static ExperimentGrid Expand(ExperimentGrid grid, DatasetCatalog catalog)
    {
        if (grid.HarmfulSources.Count == 0)
        {
            return grid;
        }

        HarmfulCorpus[] corpora = [.. grid.HarmfulSources.Select(s => s.Corpus ?? catalog.GetHarmfulCorpus(s.Name ?? ""))];
        if (corpora.GroupBy(c => c.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new ConfigurationException($"HarmfulSources holds the corpus '{twice.Key}' twice: name it once.");
        }

        return grid with { Datasets = [.. grid.Datasets.SelectMany(d => Of(d, corpora, catalog))], HarmfulSources = [] };
    }

    private static IEnumerable<DatasetSelector> Of(DatasetSelector selector, HarmfulCorpus[] corpora, DatasetCatalog catalog)
    {
        // an unknown name is reported with all other faults of the grid
        if ((selector.Config ?? catalog.Find(selector.Name ?? "")) is not { } dataset || !DatasetFaults.HasPoison(dataset))
        {
            return [selector];
        }

        return corpora.Select(c => (DatasetSelector)(dataset with { Task = dataset.TaskName, HarmfulSource = c, Name = c.Name == dataset.HarmfulSource?.Name ? dataset.Name : $"{dataset.Name}-{c.Name}" }));
    }
}
