using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace SafeTuneBed.Running;

/// <summary>What every bed knows without being told: the library's data sets and prompt sets, and the real models and data behind the runner's seams.</summary>
internal static class StandardParts
{
    public static void Add(SafeTuneBedBuilder builder)
    {
        builder.AddDatasets(FinetuneDatasets.All).AddPromptSets(PromptSets.All).AddHarmfulCorpora(HarmfulCorpora.All);
        builder.Services.AddSingleton(p => new DatasetCatalog(
            p.GetServices<DatasetRegistration>(), p.GetServices<PromptSetRegistration>(), p.GetRequiredService<BedSettings>(), corpora: p.GetServices<HarmfulCorpusRegistration>(), time: p.GetService<TimeProvider>()));
        builder.Services.TryAddSingleton<IModelHost>(p => new ModelHost(p.GetRequiredService<BedSettings>()));
        builder.Services.TryAddSingleton<IDataHost>(p => new CatalogData(p.GetRequiredService<DatasetCatalog>()));
    }
}
