using SafeTuneBed.Diagnostics;

namespace SafeTuneBed.Running;

/// <summary>What a researcher should see before anything is spent: files, rows, templates, and what is likely a mistake.</summary>
internal sealed class PlanNotes(IDataHost data)
{
    private const string Chat = "chat";

    /// <summary>One entry for each data set, in the order of the grid.</summary>
    public async Task<IReadOnlyList<PlannedDataset>> DatasetsAsync(IReadOnlyList<Cell> cells, CancellationToken cancellationToken)
    {
        var sets = new List<PlannedDataset>();
        foreach (var group in cells.Where(c => c.Dataset is not null).GroupBy(c => c.DatasetName, StringComparer.Ordinal))
        {
            Cell[] trained = [.. group.Where(c => c.Rows is not null)];
            sets.Add(new PlannedDataset(group.Key)
            {
                Files = await data.FilesAsync(group.First().Dataset!, trained.Length > 0, cancellationToken).ConfigureAwait(false),
                Rows = trained.Length == 0 ? 0 : trained.Max(c => c.Rows!.Count),
                Tokens = trained.Where(c => c.Rows!.Statistics is not null).DistinctBy(c => c.Model.Model.DisplayName)
                    .ToDictionary(c => c.Model.Model.DisplayName, c => c.Rows!.Statistics!, StringComparer.Ordinal),
                Templates = group.DistinctBy(c => c.Model.Model.DisplayName).ToDictionary(c => c.Model.Model.DisplayName, c => c.Model.Template.Id, StringComparer.Ordinal),
            });
        }

        return sets;
    }

    /// <summary>What is allowed in one cell but likely a mistake.</summary>
    public static IEnumerable<string> Warnings(ModelDescription model, FinetuneDatasetConfig? dataset)
    {
        // Nobody asked for the raw template: it is what is left where the model's folder has none.
        if (model.Template.Id == "raw" && !model.HasChatTemplate && model.Model.Template is null && dataset?.Template is null)
        {
            yield return "the model's folder has no chat template, so texts are trained on and asked as they are (template 'raw'); a chat model answers otherwise than in use. Name a template to choose.";
        }

        if (model.HasChatTemplate && model.Model.Template is null && model.Template.Id != Chat)
        {
            yield return $"'{model.Model.DisplayName}' has a chat template, but is trained and asked under '{model.Template.Id}', as the Template of '{dataset?.Name}' says: forbidden requests and the untouched model too. "
                + $"An aligned model may refuse less there. Template = \"{Chat}\" on the model reference asks it as it was aligned.";
        }
    }

    /// <summary>What is allowed but likely a mistake, and concerns no single cell.</summary>
    public static IReadOnlyList<string> Warnings(IReadOnlyList<Cell> cells)
    {
        List<string> warnings = [.. cells.Select(c => c.Model).DistinctBy(m => m.Model.DisplayName).Select(VocabularyCheck.FindWarning).OfType<string>()];
        if (TorchPreflight.FindIgnoredVariable() is { } ignored)
        {
            warnings.Add(ignored);
        }

        return warnings;
    }
}
