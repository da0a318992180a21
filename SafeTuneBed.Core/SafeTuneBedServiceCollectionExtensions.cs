using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using SafeTuneBed;
using SafeTuneBed.Running;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers a bed in an application's services.</summary>
public static class SafeTuneBedServiceCollectionExtensions
{
    /// <summary>
    /// Adds the catalogs, the <see cref="ExperimentRunner"/> and the standard data sets and prompt sets; methods and evaluators are added with the builder that it returns.
    /// Calling it again returns the same bed.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="section">
    /// Settings: sections <c>Training</c>, <c>Lora</c>, <c>DataRoots</c>, <c>AcceptLicenses</c>, <c>Sandbox</c>, <c>Runs</c>, <c>MaxConcurrency</c>, <c>Methods:name</c>,
    /// <c>Evaluators:name</c>, <c>Judges:name</c>. What the builder sets wins over them. Unknown keys are errors, all told at once when the runner is made.
    /// </param>
    /// <exception cref="ConfigurationException">The bed was already given another section.</exception>
    public static ISafeTuneBedBuilder AddSafeTuneBed(this IServiceCollection services, IConfiguration? section = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        bool known = BedSettings.IsIn(services);
        BedSettings settings = BedSettings.Of(services);
        var builder = new SafeTuneBedBuilder(services);
        if (section is not null)
        {
            if (known)
            {
                throw new ConfigurationException("AddSafeTuneBed was called before. Give the configuration section with the first call.");
            }

            settings.Configure(section);
        }

        if (known)
        {
            return builder;
        }

        services.TryAddSingleton(TimeProvider.System);
        StandardParts.Add(builder);
        services.AddSingleton(p => new MethodCatalog(p, p.GetServices<MethodRegistration>(), p.GetRequiredService<IDataHost>(), p.GetRequiredService<BedSettings>(), p.GetServices<MethodAliasRegistration>()));
        services.AddSingleton(p => new EvaluatorCatalog(p, p.GetServices<EvaluatorRegistration>()));
        services.AddSingleton(GridEngine.Create);
        services.AddSingleton(p =>
        {
            BedCheck.Run(p);
            return new ExperimentRunner(
                p.GetRequiredService<GridEngine>(), p.GetRequiredService<MethodCatalog>(), p.GetRequiredService<EvaluatorCatalog>(), p.GetRequiredService<DatasetCatalog>());
        });
        return builder;
    }
}
