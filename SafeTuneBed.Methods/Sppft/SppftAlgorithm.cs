namespace SafeTuneBed.Methods.Sppft;

/// <summary>
/// SPPFT, safely partial-parameter fine-tuning (Li et al. 2024, arXiv 2408.17003): plain fine-tuning in which the
/// blocks that tell forbidden requests from others stay as they are.
/// </summary>
public sealed class SppftAlgorithm : MethodAlgorithm<SppftOptions>
{
    /// <inheritdoc/>
    public override MethodNeeds Needs => Options.NamedBlock;

    /// <inheritdoc/>
    protected override void OnTrainingStarted(TrainingContext context)
    {
        (int first, int last) = Options.Frozen(context.LayerCount);
        bool Trains(ParameterInfo parameter) => parameter.Layer is not { } layer || layer < first || layer > last;
        if (!context.Parameters.Infos.Any(Trains))
        {
            throw new ConfigurationException(FormattableString.Invariant(
                $"All that is trained lies in the frozen blocks {first} to {last}. Freeze fewer, or train others.")
                + " Which blocks have adapters is a matter of LoraOptions.LayersToTransform.");
        }

        context.Parameters.SetTrainable(Trains);
    }
}
