using TorchSharp;

namespace SafeTuneBed;

/// <summary>
/// What a method keeps between steps: tensors, snapshots, gradient sets, numbers, text. Owns its entries and frees them at the end of the run.
/// It is saved with every checkpoint and is there again, to the bit, when a run goes on after a restart. No field of a method is.
/// </summary>
public sealed class TrainingState : IDisposable
{
    private readonly Dictionary<string, object> entries = new(StringComparer.Ordinal);

    /// <summary>The entry, or the one that <paramref name="create"/> makes.</summary>
    public T GetOrAdd<T>(string name, Func<T> create)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(create);
        if (!entries.ContainsKey(name))
        {
            Set(name, create());
        }

        return Get<T>(name);
    }

    /// <summary>The entry.</summary>
    /// <exception cref="KeyNotFoundException">There is none of this name.</exception>
    /// <exception cref="InvalidCastException">It is of another type.</exception>
    public T Get<T>(string name)
        where T : notnull => entries.TryGetValue(name, out object? value)
            ? value is T typed ? typed : throw new InvalidCastException($"The state '{name}' is a {value.GetType().Name}, not a {typeof(T).Name}.")
            : throw new KeyNotFoundException($"There is no state '{name}'. Use Set or GetOrAdd first.");

    /// <summary>Whether there is an entry of this name.</summary>
    public bool Contains(string name) => entries.ContainsKey(name);

    /// <summary>Sets an entry; what it held before is freed. A tensor leaves the current dispose scope.</summary>
    /// <exception cref="ArgumentException">The type can't be kept across a restart.</exception>
    public void Set<T>(string name, T value)
        where T : notnull
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        object kept = value switch
        {
            torch.Tensor tensor when SafetensorsEntry.NameOf(tensor.dtype) is null =>
                throw new ArgumentException($"State can't keep a tensor of type {tensor.dtype}; '{name}' must be real numbers, integers or booleans.", nameof(value)),
            torch.Tensor tensor => tensor.DetachFromDisposeScope(),
            ParameterSnapshot snapshot => snapshot.Keep(),
            GradientSet gradients => gradients.Keep(),
            double or float or long or int or bool or string => value,
            _ => throw new ArgumentException($"State holds tensors, snapshots, gradient sets, numbers and text; '{name}' is a {value.GetType().Name}.", nameof(value)),
        };
        if (entries.TryGetValue(name, out object? old) && !ReferenceEquals(old, kept))
        {
            (old as IDisposable)?.Dispose();
        }

        entries[name] = kept;
    }

    /// <summary>Names of all entries, in the order in which they were added.</summary>
    public IReadOnlyList<string> Names => [.. entries.Keys];

    /// <summary>Everything, for a checkpoint.</summary>
    internal IReadOnlyList<KeyValuePair<string, object>> Entries => [.. entries];

    /// <summary>Takes these entries in place of all that there are.</summary>
    internal void Replace(IEnumerable<KeyValuePair<string, object>> others)
    {
        Dispose();
        foreach ((string name, object value) in others)
        {
            entries.Add(name, value);
        }
    }

    /// <summary>Frees all entries.</summary>
    public void Dispose()
    {
        foreach (IDisposable entry in entries.Values.OfType<IDisposable>())
        {
            entry.Dispose();
        }

        entries.Clear();
    }
}
