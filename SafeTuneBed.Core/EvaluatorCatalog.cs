using System.Collections.Concurrent;
using SafeTuneBed.Running;

namespace SafeTuneBed;

/// <summary>The registered evaluators.</summary>
public sealed class EvaluatorCatalog
{
    private readonly IServiceProvider services;
    private readonly Dictionary<string, EvaluatorRegistration> registrations;
    private readonly ConcurrentDictionary<string, IEvaluator> instances = new(StringComparer.Ordinal);

    internal EvaluatorCatalog(IServiceProvider services, IEnumerable<EvaluatorRegistration> registrations)
    {
        this.services = services;
        this.registrations = registrations.ToDictionary(r => r.Name, StringComparer.Ordinal);
    }

    /// <summary>Names, in the order of registration.</summary>
    public IReadOnlyList<string> Names => [.. registrations.Keys];

    /// <summary>The evaluator with this name; evaluators hold no state, so there is one of each.</summary>
    /// <exception cref="ConfigurationException">The name is unknown; the message names the nearest.</exception>
    public IEvaluator Get(string name) => instances.GetOrAdd(name, n => Find(n).Create(services));

    internal bool Contains(string name) => registrations.ContainsKey(name);

    /// <summary>The settings that belong to the evaluation fingerprint, or null.</summary>
    internal object? OptionsOf(string name) => Find(name).Options;

    private EvaluatorRegistration Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return registrations.GetValueOrDefault(name) ?? throw new ConfigurationException($"There is no evaluator '{name}'.{NearestName.Hint(name, Names)}");
    }
}
