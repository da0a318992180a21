using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.Core.Running;

/// <summary>A bed of fakes with a run folder of its own, removed afterwards. A second runner on the same folder is a second process's view.</summary>
internal sealed class FakeBed : IDisposable
{
    public FakeModels Models { get; } = new();

    public FakeData Data { get; } = new();

    public string Folder { get; } = Directory.CreateTempSubdirectory("safetunebed-tests-").FullName;

    public static ExperimentGrid Grid(params string[] methods) => new("Grid 1")
    {
        Models = [ModelReference.Sandbox],
        Methods = methods.Length == 0 ? ["none", "lora"] : methods,
        Datasets = ["task-benign", "task-high"],
        Evaluators = ["word-rate", "task-rate"],
        Seeds = [0, 1, 2],
        Baseline = "lora",
    };

    public ExperimentRunner Runner(Action<ISafeTuneBedBuilder>? configure = null, Action<WordOptions>? word = null, Action<FakeOptions>? method = null) => ExperimentRunner.Create(bed =>
    {
        AddParts(bed, word, method);
        configure?.Invoke(bed);
    });

    public void AddParts(ISafeTuneBedBuilder bed, Action<WordOptions>? word = null, Action<FakeOptions>? method = null)
    {
        bed.AddMethod<UntrainedMethod>("none").AddMethod<FakeMethod, FakeOptions>("lora", method)
            .AddEvaluator<WordRate, WordOptions>("word-rate", word).AddEvaluator<TaskRate>("task-rate")
            .UseRunFolder(Folder).UseConcurrency(2);
        bed.Services.Replace(ServiceDescriptor.Singleton<IModelHost>(Models));
        bed.Services.Replace(ServiceDescriptor.Singleton<IDataHost>(Data));
        bed.Services.Replace(ServiceDescriptor.Singleton<IMetricAggregator>(new PlainAggregator()));
    }

    public ServiceProvider Services(Dictionary<string, string?> configuration, Action<ISafeTuneBedBuilder>? configure = null)
    {
        var services = new ServiceCollection();
        ISafeTuneBedBuilder bed = services.AddSafeTuneBed(new ConfigurationBuilder().AddInMemoryCollection(configuration).Build());
        AddParts(bed);
        configure?.Invoke(bed);
        return services.BuildServiceProvider();
    }

    /// <summary>Files below the runs whose name matches, in order.</summary>
    public string[] Files(string pattern) => [.. Directory.GetFiles(Folder, pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
