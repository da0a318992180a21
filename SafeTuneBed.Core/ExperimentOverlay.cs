namespace SafeTuneBed;

/// <summary>
/// Settings of one method that hold on some data sets alone: what a paper sets per task. Given to a bed (<c>AddExperimentOverlays</c>) it lies over the data sets' task recipes and below
/// the user's own settings; given to a grid (<see cref="ExperimentGrid.Overlays"/>) it wins over everything. Values alone and no code, so that it is what a run record shows.
/// </summary>
/// <param name="Method">The registered name of the method.</param>
public sealed record ExperimentOverlay(string Method)
{
    /// <summary>
    /// Where it holds: names of data sets (<c>sst2-high</c>) or of tasks (<c>sst2</c>, which is every poison level). Empty: on every data set.
    /// Of several overlays that hold the later wins, value by value.
    /// </summary>
    public IReadOnlyList<string> Datasets { get; init; } = [];

    /// <summary>Settings of the loop; what is null is left as it is.</summary>
    public TrainingOptions? Training { get; init; }

    /// <summary>Settings of the adapters; what is null is left as it is.</summary>
    public LoraOptions? Lora { get; init; }

    /// <summary>Values of the method's own options by the name of the property, such as <c>["Rho"] = 0.3</c>. Numbers are converted where nothing is lost, enums may be text.</summary>
    public IReadOnlyDictionary<string, object?> Options { get; init; } = new Dictionary<string, object?>();

    /// <summary>Whether it holds on a data set.</summary>
    internal bool HoldsOn(FinetuneDatasetConfig dataset) =>
        Datasets.Count == 0 || Datasets.Contains(dataset.Name, StringComparer.Ordinal) || Datasets.Contains(dataset.TaskName, StringComparer.Ordinal);
}
