using SafeTuneBed.Running;

namespace SafeTuneBed;

/// <summary>The registered methods.</summary>
public sealed class MethodCatalog
{
    private readonly IServiceProvider services;
    private readonly IDataHost data;
    private readonly BedSettings settings;
    private readonly Dictionary<string, MethodRegistration> registrations;
    private readonly Dictionary<string, string> aliases;

    internal MethodCatalog(
        IServiceProvider services, IEnumerable<MethodRegistration> registrations, IDataHost data, BedSettings settings, IEnumerable<MethodAliasRegistration>? aliases = null)
    {
        (this.services, this.data, this.settings) = (services, data, settings);
        this.registrations = registrations.ToDictionary(r => r.Name, StringComparer.Ordinal);
        this.aliases = aliases?.ToDictionary(a => a.Name, a => a.Pipeline, StringComparer.Ordinal) ?? [];
    }

    /// <summary>Names, in the order of registration.</summary>
    public IReadOnlyList<string> Names => [.. registrations.Keys];

    /// <summary>Further names that stand for pipelines.</summary>
    public IReadOnlyDictionary<string, string> Aliases => aliases;

    /// <summary>
    /// The canonical form of a method or pipeline, as tables and folders show it: parts in the order of their stages, an alias resolved, the fine-tuning named.
    /// <c>safe-lora</c> is <c>lora+safe-lora</c>.
    /// </summary>
    /// <exception cref="ConfigurationException">A name is unknown or repeated, or the parts don't go together.</exception>
    public string GetCanonicalName(string method) => Parse(method).Name;

    /// <summary>The resolved settings of a method or pipeline on a registered data set, before any grid.</summary>
    /// <exception cref="ConfigurationException">The method or the data set is unknown; the message names the nearest.</exception>
    public FinetuneExperimentConfig GetExperiment(string method, string dataset)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        return GetExperiment(method, data.FindDataset(dataset)
            ?? throw new ConfigurationException($"There is no data set '{dataset}'.{NearestName.Hint(dataset, data.DatasetNames)}"));
    }

    /// <summary>The resolved settings of a method or pipeline on a data set of one's own, before any grid.</summary>
    /// <exception cref="ConfigurationException">The method is unknown; the message names the nearest.</exception>
    public FinetuneExperimentConfig GetExperiment(string method, FinetuneDatasetConfig dataset) => Resolve(method, dataset, null);

    /// <summary>The resolved settings of a method or pipeline on a data set in a grid; null is no grid.</summary>
    /// <exception cref="ConfigurationException">The method is unknown, or an overlay does not fit its options.</exception>
    internal FinetuneExperimentConfig Resolve(string method, FinetuneDatasetConfig dataset, ExperimentGrid? grid) => Resolve(Parse(method), dataset, grid);

    /// <inheritdoc cref="Resolve(string, FinetuneDatasetConfig, ExperimentGrid?)"/>
    internal FinetuneExperimentConfig Resolve(MethodPipeline method, FinetuneDatasetConfig dataset, ExperimentGrid? grid)
    {
        ArgumentNullException.ThrowIfNull(dataset);

        // An alignment stage has a training of its own: its overlays are for that one.
        MethodPart[] users = [.. method.Parts.Where(p => p.Stage != MethodStage.Alignment)];
        ExperimentOverlay[] bed = [.. users.SelectMany(p => BedOverlays(p.Name, dataset)).Distinct()];
        ExperimentOverlay[] above = [.. users.SelectMany(p => GridOverlays(p.Name, dataset, grid))];
        var origins = new SortedDictionary<string, string>(StringComparer.Ordinal);
        TrainingConfig training = SettingLayers.Resolve<TrainingOptions, TrainingConfig>(
            "Training", Layers(dataset.Training, o => o.Training, settings.ConfiguredTraining, settings.Training, grid?.Training), origins);
        LoraConfig lora = SettingLayers.Resolve<LoraOptions, LoraConfig>(
            "Lora", Layers(dataset.Lora, o => o.Lora, settings.ConfiguredLora, settings.Lora, grid?.Lora), origins);
        MethodPartConfig[] parts = [.. method.Parts.Select(p => Resolve(p, dataset, grid, origins))];
        if (parts.FirstOrDefault(p => p.Stage == MethodStage.PostFineTuning) is { } post && parts.Single(p => p.Stage == MethodStage.FineTuning) is { Trainable: TrainableWeights.All } whole)
        {
            throw new ConfigurationException($"'{method.Name}': '{post.Method}' works on an adapter, and '{whole.Method}' trains every weight and leaves none. Combine '{post.Method}' with a method that trains adapters, such as 'lora'.");
        }

        return new FinetuneExperimentConfig
        {
            Method = method.Name,
            Dataset = dataset,
            Training = training,
            Lora = lora,
            Options = parts.Single(p => p.Stage == MethodStage.FineTuning).Options,
            Parts = parts,
            Origins = origins,
        };

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

    private MethodPartConfig Resolve(MethodPart part, FinetuneDatasetConfig dataset, ExperimentGrid? grid, SortedDictionary<string, string> origins)
    {
        MethodOptions? options = Find(part.Name).Options?.Resolve(part.Name, BedOverlays(part.Name, dataset), GridOverlays(part.Name, dataset, grid), origins);
        var config = new MethodPartConfig(part.Name, part.Stage) { Options = options, Trainable = Create(part.Name, options).Trainable };
        if (part.Stage != MethodStage.Alignment)
        {
            return config;
        }

        var own = options as AlignmentOptions;
        var told = new Dictionary<string, string>(); // the options' own layers tell where each value comes from
        return config with
        {
            Training = SettingLayers.Resolve<TrainingOptions, TrainingConfig>("Training", [(SettingLayers.Default, own?.Training)], told),
            Lora = SettingLayers.Resolve<LoraOptions, LoraConfig>("Lora", [(SettingLayers.Default, own?.Lora)], told),
        };
    }

    private IEnumerable<ExperimentOverlay> BedOverlays(string method, FinetuneDatasetConfig dataset) => settings.Overlays.Where(o => Means(o, Find(method)) && o.HoldsOn(dataset));

    private static IEnumerable<ExperimentOverlay> GridOverlays(string method, FinetuneDatasetConfig dataset, ExperimentGrid? grid) =>
        grid?.Overlays.Where(o => o.Method == method && o.HoldsOn(dataset)) ?? [];

    /// <summary>Reads an entry of a grid.</summary>
    /// <exception cref="ConfigurationException">A name is unknown or repeated, or the parts don't go together.</exception>
    internal MethodPipeline Parse(string written)
    {
        ArgumentNullException.ThrowIfNull(written);
        return MethodPipeline.Parse(written, Expand, Names.Concat(aliases.Keys));
    }

    /// <summary>The control of a pipeline: each part that has a control of its own replaced by it. Null where none has.</summary>
    internal string? ControlOf(MethodPipeline pipeline)
    {
        (string Name, string? Control)[] parts = [.. pipeline.Parts.Select(p => (p.Name, Create(p.Name).Control))];
        int last = Array.FindLastIndex(parts, p => p.Control is not null); // one part at a time: two controls at once would tell nothing of either
        return last < 0
            ? null
            : Parse(string.Join(MethodPipeline.Separator, parts.Select((p, i) => i == last ? p.Control! : p.Name))).Name;
    }

    /// <summary>Every method that names a control which is not there, or acts elsewhere.</summary>
    internal IEnumerable<string> FindControlFaults()
    {
        foreach (string name in Names)
        {
            MethodAlgorithm method = Create(name);
            if (method.Control is not { } control)
            {
                continue;
            }

            if (!registrations.ContainsKey(control))
            {
                yield return $"The method '{name}' names the control '{control}', which is not registered.{NearestName.Hint(control, Names)} Register it, or name another.";
            }
            else if (Create(control).Stage is var stage && stage != method.Stage)
            {
                yield return $"The method '{name}' names the control '{control}', which acts at the stage {stage} and so can't stand in its place at the stage {method.Stage}. Name another.";
            }
        }
    }

    private IReadOnlyList<MethodPart>? Expand(string name)
    {
        if (registrations.ContainsKey(name))
        {
            MethodAlgorithm method = Create(name);
            return [new MethodPart(name, method.Stage, method.Trains)];
        }

        return aliases.TryGetValue(name, out string? pipeline) ? MethodPipeline.Parse(pipeline, Expand, Names).Parts : null;
    }

    /// <summary>A new instance, without overlays: for what does not depend on a data set.</summary>
    internal MethodAlgorithm Create(string name) => Create(name, Find(name).Options?.ResolvePlain());

    /// <summary>A new instance of a part with its resolved options: a method is made per run.</summary>
    internal MethodAlgorithm Create(MethodPartConfig part) => Create(part.Method, part.Options);

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

    // One class may be registered under several names: what is given for the first holds for the others, which are variants of it, and not the other way round.
    private bool Means(ExperimentOverlay overlay, MethodRegistration registration) =>
        overlay.Method == registration.Name || registrations.Values.First(r => r.ImplementationType == registration.ImplementationType).Name == overlay.Method;

    private MethodRegistration Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return registrations.GetValueOrDefault(name) ?? throw new ConfigurationException($"There is no method '{name}'.{NearestName.Hint(name, Names)}");
    }
}
