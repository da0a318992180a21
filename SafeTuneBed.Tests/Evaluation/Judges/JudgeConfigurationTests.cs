using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using SafeTuneBed.Judges;

namespace SafeTuneBed.Tests.Evaluation.Judges;

/// <summary>Judges set by a configuration section, below the code that registers them.</summary>
public sealed class JudgeConfigurationTests
{
    private const string Secret = "sk-configured-7f3b91";

    [Fact]
    public void Section_JudgeSettings_AreReadBelowTheCode()
    {
        JudgeOptions? seen = null, local = null;
        using ServiceProvider services = Services(
            new()
            {
                ["Judges:judge:Model"] = "model-of-the-section",
                ["Judges:judge:Endpoint"] = "http://localhost:8000/v1",
                ["Judges:judge:KeyVariable"] = "SOME_KEY",
                ["Judges:judge:MaxCost"] = "2.5",
                ["Judges:judge:PromptPrice"] = "0.15",
                ["Judges:judge:CompletionPrice"] = "0.6",
                ["Judges:judge:MaxAttempts"] = "3",
                ["Judges:judge:Timeout"] = "00:00:30",
                ["Judges:mine:Version"] = "7",
            },
            bed => bed.AddOpenAIJudge("judge", o => (seen, o.MaxAttempts) = (o, 4)).AddLocalJudge("mine", ModelReference.Sandbox, o => local = o));
        _ = services.GetRequiredService<ExperimentRunner>();
        var options = Assert.IsType<OpenAIJudgeOptions>(seen);
        Assert.Equal(("model-of-the-section", "SOME_KEY", 2.5m, 4), (options.Model, options.KeyVariable, options.MaxCost!.Value, options.MaxAttempts));
        Assert.Equal((new Uri("http://localhost:8000/v1"), TimeSpan.FromSeconds(30)), (options.Endpoint, options.Timeout));
        Assert.Equal(("7", LocalJudgeModel.Concurrency), (local!.Version, local.MaxConcurrency));
        using ServiceProvider alone = Services(new() { ["Judges:judge:Model"] = "m" }, bed => bed.AddOpenAIJudge("judge"));
        Assert.Equal("m", alone.GetRequiredService<JudgeCatalog>().Describe("judge").Model);
    }

    [Fact]
    public void Section_UnknownKeysAndNames_AreToldTogether()
    {
        using ServiceProvider services = Services(
            new() { ["Judges:judge:MaxCosts"] = "1", ["Judges:judge:Model"] = "m", ["Judges:jugde:Model"] = "m", ["Judges:judge:Timeout"] = "soon" },
            bed => bed.AddOpenAIJudge("judge"));
        string message = Assert.Throws<ConfigurationException>(services.GetRequiredService<ExperimentRunner>).Message;
        Assert.Contains("The key Judges:judge:MaxCosts is unknown. Did you mean 'MaxCost'?", message, StringComparison.Ordinal);
        Assert.Contains("The key Judges:jugde is unknown. Did you mean 'judge'?", message, StringComparison.Ordinal);
        Assert.Contains("Judges:judge:Timeout is 'soon'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Section_KeyItself_IsRefusedAndNotRepeated()
    {
        OpenAIJudgeOptions? seen = null;
        using ServiceProvider services = Services(new() { ["Judges:judge:Model"] = "m", ["Judges:judge:apikey"] = Secret }, bed => bed.AddOpenAIJudge("judge", o => seen = o));
        string message = Assert.Throws<ConfigurationException>(services.GetRequiredService<ExperimentRunner>).ToString();
        Assert.Contains("Judges:judge:apikey is a secret", message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, message, StringComparison.Ordinal);
        Assert.Null(seen!.ApiKey);
    }

    [Fact]
    public void Section_ValuesOffTheirRange_AreRefusedWithTheJudge()
    {
        Assert.Contains("MaxAttempts", Assert.Throws<ConfigurationException>(() => Services(new() { ["Judges:judge:Model"] = "m", ["Judges:judge:MaxAttempts"] = "0" }, b => b.AddOpenAIJudge("judge"))).Message, StringComparison.Ordinal);
        Assert.Contains("'localhost/v1'; give a whole address", Assert.Throws<ConfigurationException>(() => Services(new() { ["Judges:judge:Model"] = "m", ["Judges:judge:Endpoint"] = "localhost/v1" }, b => b.AddOpenAIJudge("judge"))).Message, StringComparison.Ordinal);
        Assert.Contains("Model", Assert.Throws<ConfigurationException>(() => Services([], b => b.AddOpenAIJudge("judge"))).Message, StringComparison.Ordinal);
    }

    private static ServiceProvider Services(Dictionary<string, string?> configuration, Action<ISafeTuneBedBuilder> configure)
    {
        var services = new ServiceCollection();
        configure(services.AddSafeTuneBed(new ConfigurationBuilder().AddInMemoryCollection(configuration).Build()));
        return services.BuildServiceProvider();
    }
}
