namespace SafeTuneBed.Methods.Bea;

/// <summary>What BEA sets on some data sets.</summary>
internal static class BeaRecipes
{
    /// <summary>
    /// A secret of 150 tokens would fill the context of the sandbox's models, and its rows are short.
    /// </summary>
    public static ExperimentOverlay Sandbox { get; } = new("bea")
    {
        Datasets = SandboxRecipes.Tasks,
        Options = new Dictionary<string, object?>
        {
            [nameof(BeaOptions.SecretTokens)] = 8,
            [nameof(BeaOptions.System)] = null,
        },
    };
}
