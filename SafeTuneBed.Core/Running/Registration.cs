namespace SafeTuneBed.Running;

/// <summary>One named thing that a bed knows. Registered as a singleton instance, so that duplicates are seen while building.</summary>
internal abstract record Registration(string Name, Type ImplementationType, string Kind)
{
    /// <summary>Whether registering the other one too would change nothing: the same class under the same name, with settings of the same class.</summary>
    public virtual bool IsSameAs(Registration other) => ImplementationType == other.ImplementationType;

    /// <summary>Lower-kebab: letters and digits in groups joined by single hyphens.</summary>
    public static bool IsName(string name) =>
        name.Length > 0 && name[0] != '-' && name[^1] != '-' && !name.Contains("--", StringComparison.Ordinal)
        && name.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-');
}

internal sealed record MethodRegistration(string Name, Type ImplementationType, Type? OptionsType, Func<IServiceProvider, MethodAlgorithm> Create)
    : Registration(Name, ImplementationType, "method")
{
    /// <summary>The method's own options; null for a method without any.</summary>
    public OptionLayers? Options { get; init; }

    public override bool IsSameAs(Registration other) => base.IsSameAs(other) && OptionsType == (other as MethodRegistration)?.OptionsType;
}

/// <summary>Another name for a pipeline.</summary>
internal sealed record MethodAliasRegistration(string Name, Type ImplementationType, string Pipeline)
    : Registration(Name, ImplementationType, "method alias")
{
    public override bool IsSameAs(Registration other) => Pipeline == (other as MethodAliasRegistration)?.Pipeline;
}

internal sealed record EvaluatorRegistration(string Name, Type ImplementationType, Func<IServiceProvider, IEvaluator> Create)
    : Registration(Name, ImplementationType, "evaluator")
{
    /// <summary>The settings given to the constructor; part of the evaluation fingerprint.</summary>
    public object? Options { get; init; }

    public override bool IsSameAs(Registration other) => base.IsSameAs(other) && Options?.GetType() == (other as EvaluatorRegistration)?.Options?.GetType();

    /// <summary>The layers below the builder's, lowest first. For the origin of each value.</summary>
    public IReadOnlyList<(string Layer, object Options)> OptionsBelowBuilder { get; init; } = [];
}

internal sealed record ReportWriterRegistration(string Name, Type ImplementationType, Func<IServiceProvider, IReportWriter> Create)
    : Registration(Name, ImplementationType, "report format");

internal sealed record DatasetRegistration(string Name, Type ImplementationType, FinetuneDatasetConfig Dataset)
    : Registration(Name, ImplementationType, "data set")
{
    public override bool IsSameAs(Registration other) => false;
}

internal sealed record HarmfulCorpusRegistration(string Name, Type ImplementationType, HarmfulCorpus Corpus)
    : Registration(Name, ImplementationType, "harmful corpus");

internal sealed record PromptSetRegistration(string Name, Type ImplementationType, PromptSetConfig PromptSet)
    : Registration(Name, ImplementationType, "prompt set")
{
    public override bool IsSameAs(Registration other) => false;
}
