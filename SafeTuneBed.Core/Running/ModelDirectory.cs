using System.Runtime.ExceptionServices;

namespace SafeTuneBed.Running;

/// <summary>Descriptions of models, each made once, faults included: a broken model is not read again for each of its cells.</summary>
internal sealed class ModelDirectory(IModelHost models)
{
    private readonly Dictionary<(ModelReference Model, string? Template), (ModelDescription? Description, SafeTuneBedException? Fault)> known = [];

    /// <summary>A model under a template: what a user set on the model wins over what an artifact or a recipe brings along.</summary>
    /// <exception cref="SafeTuneBedException">The model can't be used.</exception>
    public async Task<ModelDescription> DescribeAsync(ModelReference model, string? recipe, CancellationToken cancellationToken)
    {
        string? template = model.Template ?? recipe;
        if (!known.TryGetValue((model, template), out var found))
        {
            try
            {
                found = (await models.DescribeAsync(model, template, cancellationToken).ConfigureAwait(false), null);
            }
            catch (SafeTuneBedException fault)
            {
                found = (null, fault);
            }

            known[(model, template)] = found;
        }

        if (found.Fault is { } before)
        {
            ExceptionDispatchInfo.Throw(before);
        }

        return found.Description!;
    }
}
