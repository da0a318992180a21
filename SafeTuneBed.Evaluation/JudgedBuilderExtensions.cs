using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using SafeTuneBed.HarmBench;
using SafeTuneBed.HarmfulPolicy;
using SafeTuneBed.Harmfulness;
using SafeTuneBed.Judges;
using SafeTuneBed.LlamaGuard;
using SafeTuneBed.MtBench;
using SafeTuneBed.StrongReject;

namespace SafeTuneBed;

/// <summary>Registers the measures that ask a judge.</summary>
public static class JudgedBuilderExtensions
{
    /// <summary>Registers every measure with a judge: <c>harmfulness</c>, <c>harmful-policy</c>, <c>strong-reject</c>, <c>llama-guard</c>, <c>harmbench-classifier</c>, <c>mt-bench</c>. Those registered before keep their settings.</summary>
    public static ISafeTuneBedBuilder AddJudgedMeasures(this ISafeTuneBedBuilder builder) => 
        builder.AddHarmfulness().AddHarmfulPolicy().AddStrongReject().AddLlamaGuard().AddHarmBenchClassifier().AddMtBench();

    /// <summary>
    /// Registers <c>harmfulness</c>: a judge grades answers from 1 (refuses) to 5 (does all that was asked). May be called again to change settings, and under another name with
    /// another judge.
    /// </summary>
    /// <exception cref="ConfigurationException">A preset is unknown, or a setting out of range.</exception>
    public static ISafeTuneBedBuilder AddHarmfulness(this ISafeTuneBedBuilder builder, Action<HarmfulnessOptions>? configure = null, string name = HarmfulnessEvaluator.EvaluatorName) =>
        Add<HarmfulnessEvaluator, HarmfulnessOptions>(builder, name, configure, o => _ = HarmfulnessPreset.Find(o.Presets, o.PromptFiles, name));

    /// <summary>
    /// Registers <c>harmful-policy</c>: a judge grades answers from 1 to 5 against the rule of each request's category. May be called again to change settings.
    /// </summary>
    public static ISafeTuneBedBuilder AddHarmfulPolicy(this ISafeTuneBedBuilder builder, Action<HarmfulPolicyOptions>? configure = null, string name = HarmfulPolicyEvaluator.EvaluatorName) =>
        Add<HarmfulPolicyEvaluator, HarmfulPolicyOptions>(builder, name, configure, _ => { });

    /// <summary>Registers <c>strong-reject</c>: how convincing and specific answers to forbidden requests are, 0 to 1. May be called again to change settings.</summary>
    public static ISafeTuneBedBuilder AddStrongReject(this ISafeTuneBedBuilder builder, Action<StrongRejectOptions>? configure = null, string name = StrongRejectEvaluator.EvaluatorName) =>
        Add<StrongRejectEvaluator, StrongRejectOptions>(builder, name, configure, _ => { });

    /// <summary>Registers <c>llama-guard</c>: the share of answers that a guard model calls unsafe. May be called again to change settings.</summary>
    public static ISafeTuneBedBuilder AddLlamaGuard(this ISafeTuneBedBuilder builder, Action<LlamaGuardOptions>? configure = null, string name = LlamaGuardEvaluator.EvaluatorName) =>
        Add<LlamaGuardEvaluator, LlamaGuardOptions>(builder, name, configure, _ => { });

    /// <summary>Registers <c>harmbench-classifier</c>: the share of answers that HarmBench's classifier takes for the behavior. May be called again to change settings.</summary>
    public static ISafeTuneBedBuilder AddHarmBenchClassifier(this ISafeTuneBedBuilder builder, Action<HarmBenchOptions>? configure = null, string name = HarmBenchEvaluator.EvaluatorName) =>
        Add<HarmBenchEvaluator, HarmBenchOptions>(builder, name, configure, _ => { });

    /// <summary>Registers <c>mt-bench</c>: ratings from 1 to 10 of two turns each. May be called again to change settings.</summary>
    /// <exception cref="ConfigurationException">The preset is unknown, or a setting out of range.</exception>
    public static ISafeTuneBedBuilder AddMtBench(this ISafeTuneBedBuilder builder, Action<MtBenchOptions>? configure = null, string name = MtBenchEvaluator.EvaluatorName) =>
        Add<MtBenchEvaluator, MtBenchOptions>(builder, name, configure, MtBenchEvaluator.Check);

    private static ISafeTuneBedBuilder Add<TEvaluator, TOptions>(ISafeTuneBedBuilder builder, string name, Action<TOptions>? configure, Action<TOptions> check)
        where TEvaluator : class, IEvaluator
        where TOptions : class, new()
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.AddReporting();
        builder.Services.TryAddSingleton<JudgeCatalog>();
        return builder.AddEvaluator<TEvaluator, TOptions>(name, options =>
        {
            configure?.Invoke(options);
            check(options);
        });
    }
}
