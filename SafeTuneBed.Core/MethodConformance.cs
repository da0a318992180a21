using SafeTuneBed.Running.Conformance;

namespace SafeTuneBed;

/// <summary>
/// Puts a method through what every method must keep, on the embedded sandbox model, in seconds: its loss falls, seeded runs repeat and resumed runs equal uninterrupted ones
/// to the bit, a window's gradients are the weighted sum of its micro-steps', nothing frozen moves, nobody but the loop's verbs writes gradients, no tensor is left
/// over, the global random generator stays untouched, a saved artifact answers like the live model, and what it does to rows and prompts it does alike each time.
/// </summary>
/// <remarks>
/// It needs a torch back end and no test framework: <c>(await MethodConformance.VerifyAsync&lt;MyAlgorithm, MyOptions&gt;()).ThrowIfFailed();</c>. Let nothing else compute
/// in the process meanwhile: tensors are counted and torch's generator is watched process-wide. A method that acts on weights after training, or trains nothing, has most checks marked as not applicable.
/// </remarks>
public static class MethodConformance
{
    /// <summary>Verifies a method without options.</summary>
    /// <exception cref="ConfigurationException">There is no torch back end.</exception>
    public static Task<ConformanceReport> VerifyAsync<TMethod>(CancellationToken cancellationToken = default)
        where TMethod : MethodAlgorithm, new() => RunAsync(typeof(TMethod).Name, () => new TMethod(), cancellationToken);

    /// <summary>Verifies a method with its options as they are, or as <paramref name="configure"/> sets them.</summary>
    /// <exception cref="ConfigurationException">There is no torch back end.</exception>
    public static Task<ConformanceReport> VerifyAsync<TMethod, TOptions>(Action<TOptions>? configure = null, CancellationToken cancellationToken = default)
        where TMethod : MethodAlgorithm<TOptions>, new()
        where TOptions : MethodOptions, new() => RunAsync(
            typeof(TMethod).Name,
            () =>
            {
                var options = new TOptions();
                configure?.Invoke(options);
                return new TMethod { Options = options };
            },
            cancellationToken);

    /// <summary>Verifies a registered method with the settings that it has in the bed.</summary>
    /// <exception cref="ConfigurationException">There is no such method, or no torch back end.</exception>
    public static Task<ConformanceReport> VerifyAsync(MethodCatalog methods, string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(methods);
        return RunAsync(name, () => methods.Create(name), cancellationToken);
    }

    private static async Task<ConformanceReport> RunAsync(string name, Func<MethodAlgorithm> create, CancellationToken cancellationToken)
    {
        await using ConformanceBed bed = await ConformanceBed.OpenAsync(cancellationToken).ConfigureAwait(false);
        return await new ConformanceBattery(name, create, bed, cancellationToken).RunAsync().ConfigureAwait(false);
    }
}
