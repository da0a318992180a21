using System.Xml.Linq;
using Microsoft.Extensions.DependencyInjection;
using SafeTuneBed.Running;
using SafeTuneBed.Statistics;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Evaluation;

public sealed class EvaluationBuilderTests
{
    [Fact]
    public void AddEvaluators_Bed_KnowsMeasuresStatisticsAndFormats()
    {
        var bed = new Builder();
        bed.AddEvaluators();
        Assert.Equal(
            ["attack-success", "harmbench-classifier", "harmful-policy", "harmfulness", "held-out-loss", "llama-guard", "mmlu", "mt-bench", "over-refusal", "perplexity", "prefill-attack", "sandbox-judge", "strong-reject", "task-accuracy"],
            Of<EvaluatorRegistration>(bed).Select(r => r.Name).Order(StringComparer.Ordinal));
        Assert.Equal(["csv", "html", "jsonl", "latex", "markdown", "svg"], Of<ReportWriterRegistration>(bed).Select(r => r.Name).Order(StringComparer.Ordinal));
        using ServiceProvider services = bed.Services.BuildServiceProvider();
        Assert.IsType<MetricAggregator>(services.GetRequiredService<IMetricAggregator>());
        Assert.All(Of<EvaluatorRegistration>(bed), r => Assert.NotEmpty(r.Create(services).Metrics));
        Assert.All(Of<ReportWriterRegistration>(bed), r => Assert.NotNull(r.Create(services)));
    }

    [Fact]
    public void AddAttackSuccess_BeforeOrAfterAll_ConfiguresTheOneRegistration()
    {
        foreach (bool before in new[] { true, false })
        {
            var bed = new Builder();
            _ = before ? bed.AddAttackSuccess(o => o.Presets = ["keyword-qi"]).AddEvaluators() : bed.AddEvaluators().AddAttackSuccess(o => o.Presets = ["keyword-qi"]);
            EvaluatorRegistration registration = Assert.Single(Of<EvaluatorRegistration>(bed), r => r.Name == "attack-success");
            using ServiceProvider services = bed.Services.BuildServiceProvider();
            Assert.StartsWith("keyword-qi/", registration.Create(services).Metrics[0].Name, StringComparison.Ordinal);
            Assert.Equal(["keyword-qi"], ((AttackSuccessOptions)registration.Options!).Presets);
        }
    }

    [Fact]
    public void AddAttackSuccess_WrongSettings_ThrowAtOnce()
    {
        Assert.Throws<ConfigurationException>(() => new Builder().AddAttackSuccess(o => o.Presets = ["x"]));
        Assert.Throws<ConfigurationException>(() => new Builder().AddAttackSuccess(o => o.MaxNewTokens = 0));
        Assert.Throws<ConfigurationException>(() => new Builder().AddEvaluators().AddAttackSuccess(o => o.MaxNewTokens = 0));
        Assert.Throws<ConfigurationException>(() => new Builder().AddSandboxJudge(o => o.RefusalMarkers = []));
    }

    [Fact]
    public void AddEvaluators_NameTaken_NamesBothTypes()
    {
        var bed = new Builder();
        bed.AddEvaluator<ApologyRate>("task-accuracy");
        var fault = Assert.Throws<ConfigurationException>(() => bed.AddEvaluators());
        Assert.Contains(nameof(ApologyRate), fault.Message, StringComparison.Ordinal);
        Assert.Contains("TaskAccuracyEvaluator", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluation_Project_KnowsCoreOnly()
    {
        string project = Path.Combine(SharedFolder.Root, "SafeTuneBed.Evaluation", "SafeTuneBed.Evaluation.csproj");
        Assert.Equal(["../SafeTuneBed.Core/SafeTuneBed.Core.csproj"], XDocument.Load(project).Descendants("ProjectReference").Select(r => (string?)r.Attribute("Include")));
        Assert.DoesNotContain("SafeTuneBed.Methods", typeof(EvaluationBuilderExtensions).Assembly.GetReferencedAssemblies().Select(a => a.Name));
    }

    private static IEnumerable<T> Of<T>(Builder bed) => bed.Services.Select(s => s.ImplementationInstance).OfType<T>();

    private sealed class Builder : ISafeTuneBedBuilder
    {
        public IServiceCollection Services { get; } = new ServiceCollection();
    }
}
