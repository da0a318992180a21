using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace SafeTuneBed.Running;

/// <summary>The last look at a bed before it is used: everything that is wrong with its configuration, in one message.</summary>
internal static class BedCheck
{
    public static void Run(IServiceProvider services)
    {
        BedSettings settings = services.GetRequiredService<BedSettings>();
        var faults = new List<string>(settings.Faults);
        if (settings.Section is { } section)
        {
            SectionBinder.CheckKeys(section.GetSection("Methods"), services.GetRequiredService<MethodCatalog>().Names, faults);
            SectionBinder.CheckKeys(section.GetSection("Evaluators"), services.GetRequiredService<EvaluatorCatalog>().Names, faults);
            SectionBinder.CheckKeys(section.GetSection("Judges"), settings.Judges, faults);
            foreach (MethodRegistration method in services.GetServices<MethodRegistration>().Where(m => m.OptionsType is null))
            {
                SectionBinder.CheckKeys(section.GetSection("Methods").GetSection(method.Name), [], faults);
            }

            foreach (EvaluatorRegistration evaluator in services.GetServices<EvaluatorRegistration>().Where(m => m.Options is null))
            {
                SectionBinder.CheckKeys(section.GetSection("Evaluators").GetSection(evaluator.Name), [], faults);
            }
        }

        faults.AddRange(services.GetRequiredService<MethodCatalog>().FindControlFaults());
        faults.AddRange(settings.Overlays.SelectMany(services.GetRequiredService<MethodCatalog>().FindFaults));
        foreach (var (options, owner) in new (object, string)[]
        {
            (settings.ConfiguredTraining, "the section Training"),
            (settings.ConfiguredLora, "the section Lora"),
            (settings.Training, "ConfigureTraining"),
            (settings.Lora, "ConfigureLora"),
        })
        {
            faults.AddRange(OptionsValidation.Faults(options, owner));
        }

        if (faults.Count > 0)
        {
            throw new ConfigurationException("The configuration is not valid. " + string.Join(" ", faults.Distinct()));
        }
    }
}
