using SafeTuneBed.Running;

namespace SafeTuneBed;

/// <summary>The registered methods.</summary>
public sealed class MethodCatalog
{
    private readonly IServiceProvider services;
    private readonly IDataHost data;
    private readonly BedSettings settings;
    private readonly Dictionary<string, MethodRegistration> registrations;

    internal MethodCatalog(IServiceProvider services, IEnumerable<MethodRegistration> registrations, IDataHost data, BedSettings settings)
    {
        (this.services, this.data, this.settings) = (services, data, settings);
        this.registrations = registrations.ToDictionary(r => r.Name, StringComparer.Ordinal);
    }

    /// <summary>Names, in the order of registration.</summary>
    public IReadOnlyList<string> Names => [.. registrations.Keys];

    /// <summary>The resolved settings of a method on a registered data set, before any grid.</summary>
    /// <exception cref="ConfigurationException">The method or the data set is unknown; the message names the nearest.</exception>
    public FinetuneExperimentConfig GetExperiment(string method, string dataset)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        return GetExperiment(method, data.FindDataset(dataset)
            ?? throw new ConfigurationException($"There is no data set '{dataset}'.{NearestName.Hint(dataset, data.DatasetNames)}"));
    }

    /// <summary>The resolved settings of a method on a data set of one's own, before any grid.</summary>
    /// <exception cref="ConfigurationException">The method is unknown; the message names the nearest.</exception>
    public FinetuneExperimentConfig GetExperiment(string method, FinetuneDatasetConfig dataset) => Resolve(method, dataset, null);

    /// <summary>The resolved settings of a method on a data set in a grid; null is no grid.</summary>
    /// <exception cref="ConfigurationException">The method is unknown, or an overlay does not fit its options.</exception>
    internal FinetuneExperimentConfig Resolve(string method, FinetuneDatasetConfig dataset, ExperimentGrid? grid)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        MethodRegistration registration = Find(method);
        ExperimentOverlay[] bed = [.. settings.Overlays.Where(o => Means(o, registration) && o.HoldsOn(dataset))];
        ExperimentOverlay[] above = [.. grid?.Overlays.Where(o => o.Method == method && o.HoldsOn(dataset)) ?? []];
        var origins = new SortedDictionary<string, string>(StringComparer.Ordinal);
        TrainingConfig training = SettingLayers.Resolve<TrainingOptions, TrainingConfig>(
            "Training", Layers(dataset.Training, o => o.Training, settings.ConfiguredTraining, settings.Training, grid?.Training), origins);
        LoraConfig lora = SettingLayers.Resolve<LoraOptions, LoraConfig>(
            "Lora", Layers(dataset.Lora, o => o.Lora, settings.ConfiguredLora, settings.Lora, grid?.Lora), origins);
        MethodOptions? options = registration.Options?.Resolve(method, bed.Select(o => o.Options), above.Select(o => o.Options), origins);
        return new FinetuneExperimentConfig { Method = method, Dataset = dataset, Training = training, Lora = lora, Options = options, Origins = origins };

        (string Layer, T? Options)[] Layers<T>(T? recipe, Func<ExperimentOverlay, T?> of, T? configured, T? built, T? ofGrid) =>
        [
            (SettingLayers.Recipe, recipe),
            .. bed.Select(o => (SettingLayers.Overlay, of(o))),
            (SettingLayers.Configuration, configured),
            (SettingLayers.Builder, built),
            (SettingLayers.Grid, ofGrid),
            .. above.Select(o => (SettingLayers.Grid, of(o))),
        ];
    }

    /// <summary>Everything that is wrong with an overlay, whatever data set it is for. Opens no file.</summary>
    internal IEnumerable<string> FindFaults(ExperimentOverlay overlay)
    {
        if (!registrations.TryGetValue(overlay.Method, out MethodRegistration? registration))
        {
            return [$"An overlay is for the method '{overlay.Method}', which does not exist.{NearestName.Hint(overlay.Method, Names)}"];
        }

        string owner = $"An overlay of the method '{overlay.Method}'";
        var faults = new List<string>();
        if (registration.Options is { } options)
        {
            MethodOptions trial = options.ResolvePlain();
            faults.AddRange(SettingValues.Apply(trial, overlay.Options, owner));
            faults.AddRange(OptionsValidation.Faults(trial, $"method '{overlay.Method}' with an overlay"));
        }
        else if (overlay.Options.Count > 0)
        {
            faults.Add($"{owner} sets {string.Join(", ", overlay.Options.Keys)}, but the method has no options of its own.");
        }

        faults.AddRange(overlay.Training is { } training ? OptionsValidation.Faults(training, $"an overlay of '{overlay.Method}' (Training)") : []);
        faults.AddRange(overlay.Lora is { } lora ? OptionsValidation.Faults(lora, $"an overlay of '{overlay.Method}' (Lora)") : []);
        return faults;
    }

    internal bool Contains(string name) => registrations.ContainsKey(name);

    /// <summary>A new instance, without overlays: for what does not depend on a data set.</summary>
    internal MethodAlgorithm Create(string name) => Create(name, Find(name).Options?.ResolvePlain());

    /// <summary>A new instance with the options of an experiment: a method is made per run.</summary>
    internal MethodAlgorithm Create(FinetuneExperimentConfig experiment) => Create(experiment.Method, experiment.Options);

    private MethodAlgorithm Create(string name, MethodOptions? options)
    {
        MethodRegistration registration = Find(name);
        MethodAlgorithm method = registration.Create(services);
        if (options is not null)
        {
            registration.Options!.Give(method, options);
        }

        return method;
    }

    // One class may be registered under several names.
    private bool Means(ExperimentOverlay overlay, MethodRegistration registration) =>
        overlay.Method == registration.Name || registrations.GetValueOrDefault(overlay.Method)?.ImplementationType == registration.ImplementationType;

    private MethodRegistration Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return registrations.GetValueOrDefault(name) ?? throw new ConfigurationException($"There is no method '{name}'.{NearestName.Hint(name, Names)}");
    }
}
