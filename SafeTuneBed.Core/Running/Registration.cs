using Microsoft.Extensions.DependencyInjection;

namespace SafeTuneBed.Running;

/// <summary>One named thing that a bed knows. Registered as a singleton instance, so that duplicates are seen while building.</summary>
internal abstract record Registration(string Name, Type ImplementationType, string Kind)
{
    /// <summary>Lower-kebab: letters and digits in groups joined by single hyphens.</summary>
    public static bool IsName(string name) =>
        name.Length > 0 && name[0] != '-' && name[^1] != '-' && !name.Contains("--", StringComparison.Ordinal)
        && name.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-');
}

internal sealed record MethodRegistration(string Name, Type ImplementationType, Type? OptionsType, Func<IServiceProvider, MethodAlgorithm> Create)
    : Registration(Name, ImplementationType, "method")
{
    public Func<MethodOptions>? CreateOptions { get; init; }
}

internal sealed record EvaluatorRegistration(string Name, Type ImplementationType, Func<IServiceProvider, IEvaluator> Create)
    : Registration(Name, ImplementationType, "evaluator")
{
    /// <summary>The settings given to the constructor; part of the evaluation fingerprint.</summary>
    public object? Options { get; init; }
}

internal sealed record ReportWriterRegistration(string Name, Type ImplementationType, Func<IServiceProvider, IReportWriter> Create)
    : Registration(Name, ImplementationType, "report format");

internal sealed record DatasetRegistration(string Name, Type ImplementationType, FinetuneDatasetConfig Dataset)
    : Registration(Name, ImplementationType, "data set");

internal sealed record PromptSetRegistration(string Name, Type ImplementationType, PromptSetConfig PromptSet)
    : Registration(Name, ImplementationType, "prompt set");

/// <summary>Settings of a bed as a whole.</summary>
internal sealed class BedSettings
{
    public List<string> DataRoots { get; } = [];

    public HashSet<string> AcceptedLicenses { get; } = new(StringComparer.Ordinal);

    public TrainingOptions Training { get; } = new();

    public LoraOptions Lora { get; } = new();

    public string? SandboxFolder { get; set; }

    public string RunFolder { get; set; } = "runs";

    /// <summary>The settings of the bed under construction.</summary>
    public static BedSettings Of(IServiceCollection services)
    {
        if (services.Select(s => s.ImplementationInstance).OfType<BedSettings>().FirstOrDefault() is not { } settings)
        {
            settings = new BedSettings();
            services.AddSingleton(settings);
        }

        return settings;
    }
}
