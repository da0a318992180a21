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
    public FinetuneExperimentConfig GetExperiment(string method, FinetuneDatasetConfig dataset) => Resolve(method, dataset, null, null);

    internal FinetuneExperimentConfig Resolve(string method, FinetuneDatasetConfig dataset, TrainingOptions? gridTraining, LoraOptions? gridLora)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        MethodRegistration registration = Find(method);
        var origins = new SortedDictionary<string, string>(StringComparer.Ordinal);
        TrainingConfig training = SettingLayers.Resolve<TrainingOptions, TrainingConfig>(
            "Training",
            [(SettingLayers.Recipe, dataset.Training), (SettingLayers.Configuration, settings.ConfiguredTraining), (SettingLayers.Builder, settings.Training), (SettingLayers.Grid, gridTraining)],
            origins);
        LoraConfig lora = SettingLayers.Resolve<LoraOptions, LoraConfig>(
            "Lora",
            [(SettingLayers.Recipe, dataset.Lora), (SettingLayers.Configuration, settings.ConfiguredLora), (SettingLayers.Builder, settings.Lora), (SettingLayers.Grid, gridLora)],
            origins);
        MethodOptions? options = registration.CreateOptions?.Invoke();
        if (options is not null)
        {
            SettingLayers.AddOrigins($"Methods:{method}", registration.OptionsBelowBuilder!, options, origins);
        }

        return new FinetuneExperimentConfig { Method = method, Dataset = dataset, Training = training, Lora = lora, Options = options, Origins = origins };
    }

    internal bool Contains(string name) => registrations.ContainsKey(name);

    /// <summary>A new instance: a method is made per run.</summary>
    internal MethodAlgorithm Create(string name) => Find(name).Create(services);

    private MethodRegistration Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return registrations.GetValueOrDefault(name) ?? throw new ConfigurationException($"There is no method '{name}'.{NearestName.Hint(name, Names)}");
    }
}
