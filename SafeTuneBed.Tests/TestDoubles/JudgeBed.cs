using Microsoft.Extensions.DependencyInjection;
using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.TestDoubles;

/// <summary>A bed with judges and their measures, without a runner: evaluators by name, on answers that are given.</summary>
internal sealed class JudgeBed : IDisposable
{
    private readonly ServiceProvider services;

    public JudgeBed(Action<ISafeTuneBedBuilder> configure)
    {
        var builder = new Builder();
        configure(builder);
        services = builder.Services.BuildServiceProvider();
        Registrations = [.. builder.Services.Where(s => !s.IsKeyedService).Select(s => s.ImplementationInstance).OfType<EvaluatorRegistration>()];
    }

    public IReadOnlyList<EvaluatorRegistration> Registrations { get; }

    /// <summary>An evaluator.</summary>
    public IEvaluator Get(string name) => Registrations.Single(r => r.Name == name).Create(services);

    /// <summary>Evaluates answers: item ids are their numbers.</summary>
    /// <param name="name">The evaluator.</param>
    /// <param name="answers">The model's answers.</param>
    /// <param name="folder">The run folder; null keeps nothing.</param>
    public Task<EvaluationResult> EvaluateAsync(string name, IReadOnlyList<string> answers, string? folder = null, Func<int, PromptItem>? item = null)
    {
        PromptItem[] items = [.. answers.Select((_, i) => item?.Invoke(i) ?? new PromptItem { Id = FormattableString.Invariant($"{i}"), Prompt = FormattableString.Invariant($"Request {i}") })];
        int next = 0;
        return EvaluateAsync(name, items, new FakeTextGenerator(_ => new Generation { Text = answers[next++] }), folder);
    }

    /// <summary>Evaluates a model.</summary>
    public async Task<EvaluationResult> EvaluateAsync(string name, IReadOnlyList<PromptItem> items, ITextGenerator model, string? folder = null)
    {
        IEvaluator evaluator = Get(name);
        var context = new EvaluationContext
        {
            EvaluatorName = name,
            Model = model,
            PromptItems = items,
            Generation = evaluator.Generation,
            Folder = folder is null ? null : Path.Combine(folder, "eval"),
            SharedFolder = folder,
        };
        await evaluator.CheckItemsAsync(context, TestContext.Current.CancellationToken);
        return await evaluator.EvaluateAsync(context, TestContext.Current.CancellationToken);
    }

    public void Dispose() => services.Dispose();

    private sealed class Builder : ISafeTuneBedBuilder
    {
        public IServiceCollection Services { get; } = new ServiceCollection();
    }
}
