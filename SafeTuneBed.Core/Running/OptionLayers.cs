using System.Reflection;

namespace SafeTuneBed.Running;

/// <summary>A method's own options in layers, lowest first: defaults, the bed's overlays, the configuration section, the builder's changes, the grid's overlays.</summary>
internal abstract class OptionLayers
{
    /// <summary>The options with every layer applied, and where each value comes from.</summary>
    /// <param name="owner">The method's name.</param>
    /// <param name="bed">Values of the bed's overlays that hold here, lowest first.</param>
    /// <param name="grid">Values of the grid's overlays that hold here, lowest first.</param>
    /// <param name="origins">Receives one entry for each property.</param>
    /// <exception cref="ConfigurationException">An overlay names what the options don't have, or a value does not fit; or a resolved value is out of range.</exception>
    public MethodOptions Resolve(string owner, IEnumerable<IReadOnlyDictionary<string, object?>> bed, IEnumerable<IReadOnlyDictionary<string, object?>> grid, IDictionary<string, string> origins)
    {
        List<(string Layer, Action<MethodOptions> Lay, IReadOnlyCollection<string> Named)> layers =
        [
            .. bed.Select(values => (SettingLayers.Overlay, Given(values, owner), Names(values))),
            (SettingLayers.Configuration, Configure, Names()),
            (SettingLayers.Builder, Change, Names()),
            .. grid.Select(values => (SettingLayers.Grid, Given(values, owner), Names(values))),
        ];
        MethodOptions below = Create();
        PropertyInfo[] properties = [.. below.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanRead && p.GetIndexParameters().Length == 0)];
        foreach (PropertyInfo property in properties)
        {
            origins[PathOf(property)] = SettingLayers.Default;
        }

        // Options can't be copied: each layer is laid over a fresh object with all those before it.
        for (int i = 0; i < layers.Count; i++)
        {
            MethodOptions options = Create();
            layers.Take(i + 1).ToList().ForEach(l => l.Lay(options));
            foreach (PropertyInfo property in properties.Where(p => layers[i].Named.Contains(p.Name, StringComparer.OrdinalIgnoreCase) || !SettingLayers.AreEqual(p.GetValue(below), p.GetValue(options))))
            {
                origins[PathOf(property)] = layers[i].Layer;
            }

            below = options;
        }

        OptionsValidation.Validate(below, $"method '{owner}'");
        return below;

        string PathOf(PropertyInfo property) => $"Methods:{owner}:{property.Name}";
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

    private static Action<MethodOptions> Given(IReadOnlyDictionary<string, object?> values, string owner) => options =>
    {
        if (SettingValues.Apply(options, values, $"An overlay of the method '{owner}'") is { Count: > 0 } faults)
        {
            throw new ConfigurationException(string.Join(" ", faults));
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
