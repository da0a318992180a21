using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using SafeTuneBed.HarmfulPolicy;
using SafeTuneBed.Harmfulness;
using SafeTuneBed.Judges;

namespace SafeTuneBed;

/// <summary>Registers the measures that ask a judge.</summary>
public static class JudgedBuilderExtensions
{
    /// <summary>Registers every measure with a judge: <c>harmfulness</c>, <c>harmful-policy</c>. Those registered before keep their settings.</summary>
    public static ISafeTuneBedBuilder AddJudgedMeasures(this ISafeTuneBedBuilder builder) => builder.AddHarmfulness().AddHarmfulPolicy();

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
