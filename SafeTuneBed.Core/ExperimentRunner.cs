using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using SafeTuneBed.Running;

namespace SafeTuneBed;

/// <summary>
/// Plans and runs grids. What is finished on disk with the same full fingerprint is reused; a run that was killed goes on where it stopped; two processes
/// may share a grid. Thread-safe.
/// </summary>
public sealed class ExperimentRunner : IAsyncDisposable, IDisposable
{
    private readonly GridEngine engine;
    private ServiceProvider? owned;

    internal ExperimentRunner(GridEngine engine, MethodCatalog methods, EvaluatorCatalog evaluators, DatasetCatalog datasets)
    {
        (this.engine, Methods, Evaluators, Datasets) = (engine, methods, evaluators, datasets);
    }

    /// <summary>The registered methods.</summary>
    public MethodCatalog Methods { get; }

    /// <summary>The registered evaluators.</summary>
    public EvaluatorCatalog Evaluators { get; }

    /// <summary>The registered data sets and prompt sets.</summary>
    public DatasetCatalog Datasets { get; }

    /// <summary>A runner without a host. In an application with dependency injection call <c>services.AddSafeTuneBed()</c> and ask for this class.</summary>
    /// <param name="configure">Adds methods, evaluators, data.</param>
    /// <param name="configuration">Settings below those of <paramref name="configure"/>: sections Training, Lora, DataRoots, AcceptLicenses, Sandbox, Runs, MaxConcurrency, Methods, Evaluators, Judges.</param>
    /// <exception cref="ConfigurationException">A name is registered twice, a setting is out of range or a configuration key is unknown.</exception>
    public static ExperimentRunner Create(Action<ISafeTuneBedBuilder> configure, IConfiguration? configuration = null)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var services = new ServiceCollection();
        configure(services.AddSafeTuneBed(configuration));
        ServiceProvider provider = services.BuildServiceProvider();
        try
        {
            ExperimentRunner runner = provider.GetRequiredService<ExperimentRunner>();
            runner.owned = provider;
            return runner;
        }
        catch
        {
            provider.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Says what a grid will do: files, templates, rows, steps, tokens, what is reused, what is missing or blocked. Reads data, tokenizers and the headers of weight
    /// files; loads no weight.
    /// </summary>
    public Task<GridPlan> PlanAsync(ExperimentGrid grid, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(grid);
        return engine.PlanAsync(HarmfulAxis.Expand(grid, Datasets), cancellationToken);
    }

    /// <summary>
    /// Says what is known of a grid without a model and without reading a row: cells, rows, steps, missing files. For a grid whose weights are not there yet.
    /// </summary>
    /// <exception cref="ConfigurationException">A name is unknown, or a setting not valid.</exception>
    public GridOutline Outline(ExperimentGrid grid)
    {
        ArgumentNullException.ThrowIfNull(grid);
        return new GridOutliner(Methods, Evaluators, Datasets).Outline(HarmfulAxis.Expand(grid, Datasets));
    }

    /// <summary>Runs what is not done yet, and reports over all of it.</summary>
    /// <exception cref="SafeTuneBedException">
    /// The plan has problems or blocked cells; nothing was started. All of them are in one message; a single problem is thrown as its own type. With
    /// <see cref="ExperimentGrid.SkipBlocked"/> blocked cells are left out.
    /// </exception>
    /// <exception cref="GridFailedException">Some cells failed; the others are done, and in the exception's report.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; what was finished stays, nothing half-written does.</exception>
    public Task<GridReport> RunAsync(ExperimentGrid grid, IProgress<RunProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(grid);
        return engine.RunAsync(HarmfulAxis.Expand(grid, Datasets), progress, cancellationToken);
    }

    /// <summary>
    /// Scores what is stored again, after a measure's definition or settings have changed, and reports. No model is loaded and nothing is generated: answers and
    /// log-probabilities of earlier runs of the same grid serve wherever model, prompt and decoding are the same.
    /// </summary>
    /// <exception cref="SafeTuneBedException">Something would have to be trained or asked; the message names it. Nothing was changed.</exception>
    /// <exception cref="GridFailedException">Some evaluations failed; the others are done, and in the exception's report.</exception>
    public Task<GridReport> RescoreAsync(ExperimentGrid grid, IProgress<RunProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(grid);
        return engine.RescoreAsync(HarmfulAxis.Expand(grid, Datasets), progress, cancellationToken);
    }

    /// <summary>Evaluates adapters that were trained elsewhere, with the same store, resuming and report as a grid.</summary>
    /// <param name="artifacts">What to judge; the names are the rows of the report and must differ per model and data set.</param>
    /// <param name="evaluators">Entries as in <see cref="ExperimentGrid.Evaluators"/>.</param>
    /// <param name="name">The folder below the runs.</param>
    /// <param name="baseline">The name of the artifact against which the others are compared; null compares none.</param>
    /// <param name="progress">Hears what is being done.</param>
    /// <param name="cancellationToken">Stops it; finished answers stay.</param>
    /// <exception cref="ArgumentException">An artifact is null.</exception>
    /// <exception cref="SafeTuneBedException">Something is missing or can't be used; nothing was started.</exception>
    public Task<GridReport> EvaluateAsync(
        IReadOnlyList<ArtifactReference> artifacts,
        IReadOnlyList<string> evaluators,
        string name = "evaluations",
        string? baseline = null,
        IProgress<RunProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(artifacts);
        ArgumentNullException.ThrowIfNull(evaluators);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (artifacts.Any(a => a is null))
        {
            throw new ArgumentException("An artifact is null. Name one with ArtifactReference.Adapter or Untouched.", nameof(artifacts));
        }

        return engine.EvaluateAsync(artifacts, evaluators, name, baseline, progress, cancellationToken);
    }

    /// <summary>Frees what <see cref="Create"/> made. A runner from a host's container is the host's to dispose.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref owned, null) is { } provider)
        {
            await provider.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc cref="DisposeAsync"/>
    public void Dispose() => Interlocked.Exchange(ref owned, null)?.Dispose();
}
