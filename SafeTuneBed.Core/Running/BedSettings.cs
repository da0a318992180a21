using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace SafeTuneBed.Running;

/// <summary>Settings of a bed as a whole.</summary>
internal sealed class BedSettings
{
    private static readonly string[] Keys = ["Training", "Lora", "DataRoots", "AcceptLicenses", "Sandbox", "Runs", "MaxConcurrency", "Checkpoints", "Methods", "Evaluators", "Judges"];

    public List<string> DataRoots { get; } = [];

    public HashSet<string> AcceptedLicenses { get; } = new(StringComparer.Ordinal);

    /// <summary>The builder's layer.</summary>
    public TrainingOptions Training { get; } = new();

    /// <summary>The builder's layer.</summary>
    public LoraOptions Lora { get; } = new();

    /// <summary>The configuration section's layer, below the builder's.</summary>
    public TrainingOptions ConfiguredTraining { get; } = new();

    /// <summary>The configuration section's layer, below the builder's.</summary>
    public LoraOptions ConfiguredLora { get; } = new();

    /// <summary>What methods set on some data sets alone, later ones over earlier ones.</summary>
    public List<ExperimentOverlay> Overlays { get; } = [];

    public string? SandboxFolder { get; set; }

    /// <summary>Where tokens of corpora are kept; null keeps them in memory alone.</summary>
    public string? TokenFolder { get; set; }

    public string RunFolder { get; set; } = "runs";

    /// <summary>Cells at the same time; null lets the models decide.</summary>
    public int? MaxConcurrency { get; set; }

    /// <summary>How often an unfinished training is saved.</summary>
    public Training.CheckpointPolicy Checkpoints { get; set; } = new();

    /// <summary>Faults of the configuration section, told together when the runner is made.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>Judges that take settings from the section.</summary>
    public List<string> Judges { get; } = [];

    /// <summary>The section that was given.</summary>
    public IConfiguration? Section { get; private set; }

    /// <summary>Whether a bed is already under construction.</summary>
    public static bool IsIn(IServiceCollection services) => services.Any(s => s.ImplementationInstance is BedSettings);

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

    /// <summary>Takes over a configuration section; faults are collected.</summary>
    public void Configure(IConfiguration section)
    {
        Section = section;
        SectionBinder.CheckKeys(section, Keys, Faults);
        SectionBinder.Bind(section.GetSection("Training"), ConfiguredTraining, Faults);
        SectionBinder.Bind(section.GetSection("Lora"), ConfiguredLora, Faults);
        DataRoots.AddRange(SectionBinder.Strings(section.GetSection("DataRoots"), Faults));
        AcceptedLicenses.UnionWith(SectionBinder.Strings(section.GetSection("AcceptLicenses"), Faults));
        SandboxFolder = SectionBinder.Text(section.GetSection("Sandbox"), Faults) ?? SandboxFolder;
        RunFolder = SectionBinder.Text(section.GetSection("Runs"), Faults) ?? RunFolder;
        var checkpoints = new Training.CheckpointPolicy();
        SectionBinder.Bind(section.GetSection("Checkpoints"), checkpoints, Faults);
        if (checkpoints.Every < TimeSpan.Zero || checkpoints.Steps < 1)
        {
            Faults.Add($"{SectionBinder.PathOf(section, "Checkpoints")} has Every {checkpoints.Every} and Steps {checkpoints.Steps}; give a time of 0 or more, such as 00:01:00, and steps from 1.");
        }

        Checkpoints = checkpoints;
        if (SectionBinder.Text(section.GetSection("MaxConcurrency"), Faults) is { } text)
        {
            if (int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int workers) && workers > 0)
            {
                MaxConcurrency = workers;
            }
            else
            {
                Faults.Add($"{SectionBinder.PathOf(section, "MaxConcurrency")} is '{text}'; give a number of cells from 1.");
            }
        }
    }

    /// <summary>Lays the section's settings of one method or evaluator over its defaults.</summary>
    /// <param name="group"><c>Methods</c>, <c>Evaluators</c> or <c>Judges</c>.</param>
    /// <param name="name">The registered name.</param>
    /// <param name="options">The object to fill.</param>
    /// <param name="faults">Where faults go; null when they were collected before.</param>
    public void BindNamed(string group, string name, object options, ICollection<string>? faults = null)
    {
        if (Section is not null)
        {
            SectionBinder.Bind(Section.GetSection(group).GetSection(name), options, faults ?? []);
        }
    }
}
