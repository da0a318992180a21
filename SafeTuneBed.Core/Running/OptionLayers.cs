namespace SafeTuneBed.Running;

/// <summary>A method's own options in layers, lowest first: defaults, the bed's overlays, the configuration section, the builder's changes, the grid's overlays.</summary>
internal abstract class OptionLayers
{
    /// <summary>The options with every layer applied, and where each value comes from.</summary>
    /// <param name="owner">The method's name.</param>
    /// <param name="bed">The bed's overlays that hold here, lowest first.</param>
    /// <param name="grid">The grid's overlays that hold here, lowest first.</param>
    /// <param name="origins">Receives one entry for each property.</param>
    /// <exception cref="ConfigurationException">An overlay names what the options don't have, or a value does not fit; or a resolved value is out of range.</exception>
    public MethodOptions Resolve(string owner, IEnumerable<ExperimentOverlay> bed, IEnumerable<ExperimentOverlay> grid, IDictionary<string, string> origins)
    {
        List<(string Layer, Action<MethodOptions> Lay, IReadOnlyCollection<string> Named)> layers =
        [
            .. bed.Select(o => (SettingLayers.Overlay, Given(o, owner), Names(o.Options))),
            (SettingLayers.Configuration, Configure, Names()),
            (SettingLayers.Builder, Change, Names()),
            .. grid.Select(o => (SettingLayers.Grid, Given(o, owner), Names(o.Options))),
        ];
        MethodOptions below = Create();
        IReadOnlyList<OptionValue> values = OptionValue.Of(below.GetType());
        foreach (OptionValue value in values)
        {
            origins[PathOf(value)] = SettingLayers.Default;
        }

        // Options can't be copied: each layer is laid over a fresh object with all those before it.
        for (int i = 0; i < layers.Count; i++)
        {
            MethodOptions options = Create();
            layers.Take(i + 1).ToList().ForEach(l => l.Lay(options));
            foreach (OptionValue value in values.Where(v => layers[i].Named.Contains(v.Path, StringComparer.OrdinalIgnoreCase) || !SettingLayers.AreEqual(v.Get(below), v.Get(options))))
            {
                origins[PathOf(value)] = layers[i].Layer;
            }

            below = options;
        }

        OptionsValidation.Validate(below, $"method '{owner}'");
        return below;

        string PathOf(OptionValue value) => $"Methods:{owner}:{value.Path}";
    }

    /// <summary>The options without any overlay.</summary>
    public MethodOptions ResolvePlain()
    {
        MethodOptions options = Create();
        Configure(options);
        Change(options);
        return options;
    }

    /// <summary>Hands options to an instance of the method.</summary>
    public abstract void Give(MethodAlgorithm method, MethodOptions options);

    protected abstract MethodOptions Create();

    protected abstract void Configure(MethodOptions options);

    protected abstract void Change(MethodOptions options);

    private static IReadOnlyCollection<string> Names(IReadOnlyDictionary<string, object?>? values = null) => values is null ? [] : [.. values.Keys];

    // Training and adapters of an overlay are an alignment stage's own; for others they are the user's training, and laid elsewhere.
    private static Action<MethodOptions> Given(ExperimentOverlay overlay, string owner) => options =>
    {
        if (SettingValues.Apply(options, overlay.Options, $"An overlay of the method '{owner}'") is { Count: > 0 } faults)
        {
            throw new ConfigurationException(string.Join(" ", faults));
        }

        if (options is AlignmentOptions alignment)
        {
            SettingLayers.Lay(alignment.Training, overlay.Training);
            SettingLayers.Lay(alignment.Lora, overlay.Lora);
        }
    };
}

/// <summary>The layers of one class of options.</summary>
internal sealed class OptionLayers<TOptions>(string name, BedSettings settings) : OptionLayers
    where TOptions : MethodOptions, new()
{
    private readonly List<Action<TOptions>> changes = [];

    /// <summary>Notes a change by the builder; changes are made in the order of the calls.</summary>
    public void Add(Action<TOptions>? change)
    {
        if (change is not null)
        {
            changes.Add(change);
        }
    }

    /// <summary>Reads the configuration section once, for its faults.</summary>
    public void FindFaults(ICollection<string> faults) => settings.BindNamed("Methods", name, new TOptions(), faults);

    public override void Give(MethodAlgorithm method, MethodOptions options) => ((MethodAlgorithm<TOptions>)method).Options = (TOptions)options;

    protected override MethodOptions Create() => new TOptions();

    protected override void Configure(MethodOptions options) => settings.BindNamed("Methods", name, options);

    protected override void Change(MethodOptions options) => changes.ForEach(change => change((TOptions)options));
}
