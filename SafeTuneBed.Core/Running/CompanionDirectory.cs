namespace SafeTuneBed.Running;

/// <summary>Describes the companions that methods ask for, each once, faults included.</summary>
internal sealed class CompanionDirectory(IModelHost models)
{
    private readonly Dictionary<(ModelCompanion Kind, ModelReference Model), (CompanionDescription? Description, Problem? Fault)> known = [];

    /// <summary>The companions of a model for one method; what is missing or can't be used is added to the causes.</summary>
    public async Task<IReadOnlyList<CompanionDescription>> DescribeAsync(string method, MethodNeeds needs, ModelDescription model, List<Problem> causes, CancellationToken cancellationToken)
    {
        var found = new List<CompanionDescription>();
        foreach (ModelCompanion kind in needs.Companions)
        {
            if (Of(model.Model, kind) is not { } companion)
            {
                causes.Add(new Problem($"The method '{method}' needs {Describe(kind)} '{model.Model.DisplayName}', and the model reference names none. Set it: ModelReference.Folder(\"...\") with {{ {kind} = {(kind == ModelCompanion.SafeAdapter ? "\"...\"" : "ModelReference.Folder(\"...\")")} }}. The sandbox model has its Base by itself."));
                continue;
            }

            if (!known.TryGetValue((kind, model.Model), out var entry))
            {
                var faults = new List<Problem>();
                CompanionDescription? made = await Problem.CollectAsync(faults, () => models.DescribeCompanionAsync(kind, companion, model, cancellationToken)).ConfigureAwait(false);
                known[(kind, model.Model)] = entry = (made, faults.FirstOrDefault());
            }

            if (entry.Description is { } description)
            {
                found.Add(description);
            }
            else
            {
                causes.Add(entry.Fault!);
            }
        }

        return found;
    }

    private static ModelReference? Of(ModelReference model, ModelCompanion kind) => kind switch
    {
        ModelCompanion.Base => model.Base,
        ModelCompanion.Unaligned => model.Unaligned,
        _ => model.SafeAdapter is { } folder ? ModelReference.Folder(folder) : null,
    };

    private static string Describe(ModelCompanion kind) => kind switch
    {
        ModelCompanion.Base => "the pretrained model behind",
        ModelCompanion.Unaligned => "an unaligned model beside",
        _ => "an adapter known to be safe for",
    };
}
