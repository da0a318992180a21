using Microsoft.Extensions.DependencyInjection;
using SafeTuneBed.Running;

namespace SafeTuneBed;

/// <summary>Collects what a bed knows: methods, evaluators, data sets, prompt sets, report formats. Extension methods add to it.</summary>
public interface ISafeTuneBedBuilder
{
    /// <summary>The services being built.</summary>
    IServiceCollection Services { get; }
}

/// <summary>The verbs with which anybody registers a method, measure, data set or report format.</summary>
public static class SafeTuneBedBuilderExtensions
{
    /// <summary>Registers a method without settings. Registering the same class under the same name again changes nothing.</summary>
    /// <exception cref="ConfigurationException">The name belongs to another class, or is no name.</exception>
    public static ISafeTuneBedBuilder AddMethod<TMethod>(this ISafeTuneBedBuilder builder, string name)
        where TMethod : MethodAlgorithm =>
        Register(builder, new MethodRegistration(name, typeof(TMethod), null, services => ActivatorUtilities.CreateInstance<TMethod>(services)));

    /// <summary>
    /// Registers a method with settings; they are validated now and again at start. A later call with the same class and name changes the settings of the
    /// registration that is there, so <c>AddMethods()</c> may be followed by the call that configures one method.
    /// </summary>
    /// <exception cref="ConfigurationException">The name belongs to another class, or is no name, or a setting is out of range.</exception>
    public static ISafeTuneBedBuilder AddMethod<TMethod, TOptions>(this ISafeTuneBedBuilder builder, string name, Action<TOptions>? configure = null)
        where TMethod : MethodAlgorithm<TOptions>
        where TOptions : MethodOptions, new()
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (Find<MethodRegistration>(builder, name) is { Options: OptionLayers<TOptions> known } registered && registered.ImplementationType == typeof(TMethod))
        {
            known.Add(configure);
            OptionsValidation.Validate(known.ResolvePlain(), $"method '{name}'");
            return builder;
        }

        BedSettings settings = BedSettings.Of(builder.Services);
        var options = new OptionLayers<TOptions>(name, settings);
        options.FindFaults(settings.Faults);
        options.Add(configure);
        OptionsValidation.Validate(options.ResolvePlain(), $"method '{name}'");
        return Register(builder, new MethodRegistration(name, typeof(TMethod), typeof(TOptions), services => ActivatorUtilities.CreateInstance<TMethod>(services)) { Options = options });
    }

    /// <summary>
    /// Registers settings that methods have on some data sets alone: over the task recipes, below the configuration section and the builder's own calls. An overlay of a
    /// method holds for the same class under other names too, when the method is its first; an overlay of such a variant holds for it alone. They are checked when the runner is made.
    /// </summary>
    public static ISafeTuneBedBuilder AddExperimentOverlays(this ISafeTuneBedBuilder builder, params IEnumerable<ExperimentOverlay> overlays)
    {
        ArgumentNullException.ThrowIfNull(overlays);
        return Change(builder, s => s.Overlays.AddRange([.. overlays.Except(s.Overlays)]));
    }

    /// <summary>Gives a pipeline a name of its own: <c>AddMethodAlias("vaccine-lora", "vaccine+lora")</c>. Tables and folders show the pipeline.</summary>
    /// <exception cref="ConfigurationException">The name belongs to a method or to another pipeline, or is no name.</exception>
    public static ISafeTuneBedBuilder AddMethodAlias(this ISafeTuneBedBuilder builder, string name, string pipeline)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(pipeline);
        if (Find<MethodRegistration>(builder, name) is { } method)
        {
            throw new ConfigurationException($"'{name}' is the method {method.ImplementationType.FullName}, so it can't be another name for '{pipeline}'. Choose another.");
        }

        return Register(builder, new MethodAliasRegistration(name, typeof(MethodPipeline), pipeline));
    }

    /// <summary>Registers an evaluator without settings. Registering the same class under the same name again changes nothing.</summary>
    /// <exception cref="ConfigurationException">The name belongs to another class, or is no name.</exception>
    public static ISafeTuneBedBuilder AddEvaluator<TEvaluator>(this ISafeTuneBedBuilder builder, string name)
        where TEvaluator : class, IEvaluator =>
        Register(builder, new EvaluatorRegistration(name, typeof(TEvaluator), services => ActivatorUtilities.CreateInstance<TEvaluator>(services)));

    /// <summary>
    /// Registers an evaluator whose constructor takes <typeparamref name="TOptions"/>; they are validated now and part of the evaluation fingerprint. A later call
    /// with the same class and name changes the settings of the registration that is there.
    /// </summary>
    /// <exception cref="ConfigurationException">The name belongs to another class, or is no name, or a setting is out of range.</exception>
    public static ISafeTuneBedBuilder AddEvaluator<TEvaluator, TOptions>(this ISafeTuneBedBuilder builder, string name, Action<TOptions>? configure = null)
        where TEvaluator : class, IEvaluator
        where TOptions : class, new()
    {
        ArgumentNullException.ThrowIfNull(builder);
        BedSettings settings = BedSettings.Of(builder.Services);
        if (Find<EvaluatorRegistration>(builder, name) is { Options: TOptions earlier } known && known.ImplementationType == typeof(TEvaluator))
        {
            configure?.Invoke(earlier);
            OptionsValidation.Validate(earlier, $"evaluator '{name}'");
            return builder;
        }

        var configured = new TOptions();
        settings.BindNamed("Evaluators", name, configured);
        var options = new TOptions();
        settings.BindNamed("Evaluators", name, options, settings.Faults);
        configure?.Invoke(options);
        OptionsValidation.Validate(options, $"evaluator '{name}'");
        return Register(builder, new EvaluatorRegistration(name, typeof(TEvaluator), services => ActivatorUtilities.CreateInstance<TEvaluator>(services, options))
        {
            Options = options,
            OptionsBelowBuilder = [(SettingLayers.Default, new TOptions()), (SettingLayers.Configuration, configured)],
        });
    }

    /// <summary>
    /// Lays the configuration's section <c>Judges:name</c> over the settings of a judge, for packages that register judges. Unknown keys and values that can't be read are told
    /// when the runner is made; a property marked with <see cref="System.ComponentModel.PasswordPropertyTextAttribute"/> is refused there.
    /// </summary>
    public static ISafeTuneBedBuilder BindJudgeSettings(this ISafeTuneBedBuilder builder, string name, object options)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(options);
        return Change(builder, s =>
        {
            s.Judges.Add(name);
            s.BindNamed("Judges", name, options, s.Faults);
        });
    }

    /// <summary>Registers a report format.</summary>
    public static ISafeTuneBedBuilder AddReportWriter<TWriter>(this ISafeTuneBedBuilder builder, string name)
        where TWriter : class, IReportWriter =>
        Register(builder, new ReportWriterRegistration(name, typeof(TWriter), services => ActivatorUtilities.CreateInstance<TWriter>(services)));

    /// <summary>Registers data sets under their names.</summary>
    /// <exception cref="ConfigurationException">A name is taken, or is no name.</exception>
    public static ISafeTuneBedBuilder AddDatasets(this ISafeTuneBedBuilder builder, params IEnumerable<FinetuneDatasetConfig> datasets)
    {
        ArgumentNullException.ThrowIfNull(datasets);
        foreach (FinetuneDatasetConfig dataset in datasets)
        {
            Register(builder, new DatasetRegistration(dataset.Name, typeof(FinetuneDatasetConfig), dataset));
        }

        return builder;
    }

    /// <summary>Registers harmful corpora under their names, for <see cref="ExperimentGrid.HarmfulSources"/>.</summary>
    public static ISafeTuneBedBuilder AddHarmfulCorpora(this ISafeTuneBedBuilder builder, params IEnumerable<HarmfulCorpus> corpora)
    {
        ArgumentNullException.ThrowIfNull(corpora);
        foreach (HarmfulCorpus corpus in corpora)
        {
            Register(builder, new HarmfulCorpusRegistration(corpus.Name, typeof(HarmfulCorpus), corpus));
        }

        return builder;
    }

    /// <summary>Keeps the tokens of corpora in this folder, so that they are made once a tokenizer and template. Files are verified on reading. Default: in memory alone.</summary>
    public static ISafeTuneBedBuilder UseTokenCache(this ISafeTuneBedBuilder builder, string folder) => Change(builder, s => s.TokenFolder = folder);

    /// <summary>Registers prompt sets under their names.</summary>
    public static ISafeTuneBedBuilder AddPromptSets(this ISafeTuneBedBuilder builder, params IEnumerable<PromptSetConfig> promptSets)
    {
        ArgumentNullException.ThrowIfNull(promptSets);
        foreach (PromptSetConfig promptSet in promptSets)
        {
            Register(builder, new PromptSetRegistration(promptSet.Name, typeof(PromptSetConfig), promptSet));
        }

        return builder;
    }

    /// <summary>Adds a folder below which data files are looked up.</summary>
    public static ISafeTuneBedBuilder AddDataRoot(this ISafeTuneBedBuilder builder, string folder) => Change(builder, s => s.DataRoots.Add(folder));

    /// <summary>Consents to the licences of these corpora, by name.</summary>
    public static ISafeTuneBedBuilder AcceptLicenses(this ISafeTuneBedBuilder builder, params IEnumerable<string> corpora) =>
        Change(builder, s => s.AcceptedLicenses.UnionWith(corpora));

    /// <summary>Settings of training for every run; a task recipe is below them, a grid above.</summary>
    public static ISafeTuneBedBuilder ConfigureTraining(this ISafeTuneBedBuilder builder, Action<TrainingOptions> configure) =>
        Change(builder, s =>
        {
            configure(s.Training);
            OptionsValidation.Validate(s.Training, "ConfigureTraining");
        });

    /// <summary>Settings of the LoRA adapters for every run; a task recipe is below them, a grid above.</summary>
    public static ISafeTuneBedBuilder ConfigureLora(this ISafeTuneBedBuilder builder, Action<LoraOptions> configure) =>
        Change(builder, s =>
        {
            configure(s.Lora);
            OptionsValidation.Validate(s.Lora, "ConfigureLora");
        });

    /// <summary>Uses an outside folder of the sandbox's layout (<c>aligned/ base/ data/</c>) in place of the embedded one.</summary>
    public static ISafeTuneBedBuilder UseSandbox(this ISafeTuneBedBuilder builder, string folder) => Change(builder, s => s.SandboxFolder = folder);

    /// <summary>Where run folders go. Default <c>runs</c> below the working folder.</summary>
    public static ISafeTuneBedBuilder UseRunFolder(this ISafeTuneBedBuilder builder, string folder) => Change(builder, s => s.RunFolder = folder);

    /// <summary>How many cells run at the same time. Default: one for each processor with small models, one with large models or a graphics card. Results do not depend on it.</summary>
    public static ISafeTuneBedBuilder UseConcurrency(this ISafeTuneBedBuilder builder, int cells)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(cells, 1);
        return Change(builder, s => s.MaxConcurrency = cells);
    }

    /// <summary>
    /// How often an unfinished training is saved, so that it goes on from there after a kill. Default: once a minute. Results do not depend on it; a checkpoint is removed when its training is finished.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="every">Time between two checkpoints; null leaves it at a minute.</param>
    /// <param name="steps">Optimizer steps between two checkpoints, where the time is not reached before; null counts none.</param>
    public static ISafeTuneBedBuilder UseCheckpoints(this ISafeTuneBedBuilder builder, TimeSpan? every = null, int? steps = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(every ?? TimeSpan.Zero, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps ?? 1, 1);
        return Change(builder, s => s.Checkpoints = new Training.CheckpointPolicy { Every = every ?? s.Checkpoints.Every, Steps = steps });
    }

    private static ISafeTuneBedBuilder Change(ISafeTuneBedBuilder builder, Action<BedSettings> change)
    {
        ArgumentNullException.ThrowIfNull(builder);
        change(BedSettings.Of(builder.Services));
        return builder;
    }

    private static T? Find<T>(ISafeTuneBedBuilder builder, string name)
        where T : Registration => builder.Services.Select(s => s.ImplementationInstance).OfType<T>().FirstOrDefault(r => r.Name == name);

    private static ISafeTuneBedBuilder Register<T>(ISafeTuneBedBuilder builder, T registration)
        where T : Registration
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (!Registration.IsName(registration.Name))
        {
            throw new ConfigurationException($"'{registration.Name}' is not a name: use lower-case letters, digits and single hyphens, such as 'safe-grad'.");
        }

        if (Find<T>(builder, registration.Name) is { } existing)
        {
            if (existing.IsSameAs(registration))
            {
                return builder;
            }

            throw new ConfigurationException(
                $"The {registration.Kind} '{registration.Name}' is registered twice: as {existing.ImplementationType.FullName} and as {registration.ImplementationType.FullName}. Give one of them another name.");
        }

        builder.Services.AddSingleton(registration);
        return builder;
    }
}
