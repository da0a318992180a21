using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using SafeTuneBed.AttackSuccess;
using SafeTuneBed.HeldOutLoss;
using SafeTuneBed.Mmlu;
using SafeTuneBed.OverRefusal;
using SafeTuneBed.Perplexity;
using SafeTuneBed.Reporting;
using SafeTuneBed.SandboxJudge;
using SafeTuneBed.Statistics;
using SafeTuneBed.TaskAccuracy;

namespace SafeTuneBed;

/// <summary>Registers the measures of this package, with the statistics and the report formats that turn their scores into tables.</summary>
public static class EvaluationBuilderExtensions
{
    /// <summary>
    /// Registers every measure: <c>attack-success</c>, <c>prefill-attack</c>, <c>over-refusal</c>, <c>sandbox-judge</c>, <c>task-accuracy</c>, <c>mmlu</c>, <c>perplexity</c>,
    /// <c>held-out-loss</c>, and those that ask a judge. Those registered
    /// before keep their settings.
    /// </summary>
    public static ISafeTuneBedBuilder AddEvaluators(this ISafeTuneBedBuilder builder) =>
        builder.AddAttackSuccess().AddOverRefusal().AddSandboxJudge().AddTaskAccuracy().AddMmlu().AddPrefillAttack().AddPerplexity().AddHeldOutLoss().AddJudgedMeasures();

    /// <summary>
    /// Registers <c>attack-success</c>: the share of forbidden requests that are not refused, by keywords. May be called again to change settings.
    /// </summary>
    /// <exception cref="ConfigurationException">A preset is unknown, or a setting out of range.</exception>
    public static ISafeTuneBedBuilder AddAttackSuccess(this ISafeTuneBedBuilder builder, Action<AttackSuccessOptions>? configure = null) =>
        Added.To(builder).Add<AttackSuccessEvaluator, AttackSuccessOptions>(builder, AttackSuccessEvaluator.Name, configure, o => _ = new AttackSuccessEvaluator(o));

    /// <summary>
    /// Registers <c>prefill-attack</c>: attack success where the model is made to begin its answer as if it complied. May be called again to change settings.
    /// </summary>
    /// <exception cref="ConfigurationException">A preset is unknown, or a setting out of range.</exception>
    public static ISafeTuneBedBuilder AddPrefillAttack(this ISafeTuneBedBuilder builder, Action<PrefillAttackOptions>? configure = null) =>
        Added.To(builder).Add<PrefillAttackEvaluator, PrefillAttackOptions>(builder, PrefillAttackEvaluator.Name, configure, o => _ = new PrefillAttackEvaluator(o));

    /// <summary>
    /// Registers <c>perplexity</c>: how likely given texts are to the model, as loss and perplexity. May be called again to change settings.
    /// </summary>
    public static ISafeTuneBedBuilder AddPerplexity(this ISafeTuneBedBuilder builder, Action<PerplexityOptions>? configure = null) =>
        Added.To(builder).Add<PerplexityEvaluator, PerplexityOptions>(builder, PerplexityEvaluator.Name, configure, _ => { });

    /// <summary>
    /// Registers <c>held-out-loss</c>: the loss on answers that were not trained on, harmful ones and those of the task. May be called again to change settings.
    /// </summary>
    public static ISafeTuneBedBuilder AddHeldOutLoss(this ISafeTuneBedBuilder builder, Action<HeldOutLossOptions>? configure = null) =>
        Added.To(builder).Add<HeldOutLossEvaluator, HeldOutLossOptions>(builder, HeldOutLossEvaluator.Name, configure, _ => { });

    /// <summary>Registers <c>over-refusal</c>: the share of permitted requests that are refused, by keywords.</summary>
    public static ISafeTuneBedBuilder AddOverRefusal(this ISafeTuneBedBuilder builder) => Added.To(builder).Add<OverRefusalEvaluator>(builder, OverRefusalEvaluator.Name);

    /// <summary>
    /// Registers <c>sandbox-judge</c>: the rule that grades answers in the sandbox's world. May be called again to change settings.
    /// </summary>
    public static ISafeTuneBedBuilder AddSandboxJudge(this ISafeTuneBedBuilder builder, Action<SandboxJudgeOptions>? configure = null) =>
        Added.To(builder).Add<SandboxJudgeEvaluator, SandboxJudgeOptions>(builder, SandboxJudgeEvaluator.Name, configure, o => _ = new SandboxJudgeEvaluator(o));

    /// <summary>
    /// Registers <c>task-accuracy</c>: how well the data set's evaluation split is answered, by the measure of its task. May be called again to change settings.
    /// </summary>
    public static ISafeTuneBedBuilder AddTaskAccuracy(this ISafeTuneBedBuilder builder, Action<TaskAccuracyOptions>? configure = null) =>
        Added.To(builder).Add<TaskAccuracyEvaluator, TaskAccuracyOptions>(builder, TaskAccuracyEvaluator.Name, configure, _ => { });

    /// <summary>Registers <c>mmlu</c>: knowledge in 57 subjects by questions with four options. May be called again to change settings.</summary>
    /// <exception cref="ConfigurationException">A preset is unknown, or a setting out of range.</exception>
    public static ISafeTuneBedBuilder AddMmlu(this ISafeTuneBedBuilder builder, Action<MmluOptions>? configure = null) =>
        Added.To(builder).Add<MmluEvaluator, MmluOptions>(builder, MmluEvaluator.Name, configure, o => _ = new MmluEvaluator(o));

    /// <summary>
    /// Registers the statistics and the report formats <c>markdown</c>, <c>csv</c>, <c>jsonl</c>, <c>svg</c>, <c>latex</c> and <c>html</c>. Every measure of this package does
    /// it by itself; a bed whose measures are all its own calls it once.
    /// </summary>
    public static ISafeTuneBedBuilder AddReporting(this ISafeTuneBedBuilder builder)
    {
        _ = Added.To(builder);
        return builder;
    }

    /// <summary>What this package has registered with one builder.</summary>
    private sealed class Added
    {
        private readonly Dictionary<string, object?> optionsByEvaluator = new(StringComparer.Ordinal);

        public static Added To(ISafeTuneBedBuilder builder)
        {
            ArgumentNullException.ThrowIfNull(builder);
            if (builder.Services.Select(s => s.ImplementationInstance).OfType<Added>().FirstOrDefault() is not { } added)
            {
                added = new Added();
                builder.Services.AddSingleton(added);
                builder.Services.TryAddSingleton<IMetricAggregator, MetricAggregator>();
                builder.AddReportWriter<MarkdownReportWriter>(MarkdownReportWriter.Name)
                    .AddReportWriter<CsvReportWriter>(CsvReportWriter.Name)
                    .AddReportWriter<JsonLinesReportWriter>(JsonLinesReportWriter.Name)
                    .AddReportWriter<SvgReportWriter>(SvgReportWriter.Name)
                    .AddReportWriter<LatexReportWriter>(LatexReportWriter.Name)
                    .AddReportWriter<HtmlReportWriter>(HtmlReportWriter.Name);
            }

            return added;
        }

        public ISafeTuneBedBuilder Add<TEvaluator>(ISafeTuneBedBuilder builder, string name)
            where TEvaluator : class, IEvaluator =>
            optionsByEvaluator.TryAdd(name, null) ? builder.AddEvaluator<TEvaluator>(name) : builder;

        /// <summary>The first call registers; later ones change the registered settings, which are checked each time.</summary>
        public ISafeTuneBedBuilder Add<TEvaluator, TOptions>(ISafeTuneBedBuilder builder, string name, Action<TOptions>? configure, Action<TOptions> check)
            where TEvaluator : class, IEvaluator
            where TOptions : class, new()
        {
            if (optionsByEvaluator.TryGetValue(name, out object? existing))
            {
                var options = (TOptions)existing!;
                configure?.Invoke(options);
                check(options);
                return builder;
            }

            return builder.AddEvaluator<TEvaluator, TOptions>(name, options =>
            {
                configure?.Invoke(options);
                check(options);
                optionsByEvaluator[name] = options;
            });
        }
    }
}
