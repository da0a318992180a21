namespace SafeTuneBed.Models;

/// <summary>Which linear layers get an adapter: PEFT's rule for a list of names.</summary>
internal static class TargetModules
{
    private const string AllLinear = "all-linear";

    /// <summary>The matching layers, in the order of the network.</summary>
    /// <exception cref="ConfigurationException">A name matches nothing.</exception>
    public static IReadOnlyList<LinearLayer> Select(IReadOnlyList<LinearLayer> layers, IReadOnlyList<string> targets)
    {
        if (targets.Count == 0)
        {
            throw new ConfigurationException("LoRA has no target modules. Name some, such as q_proj and v_proj, or all-linear.");
        }

        if (targets is [AllLinear])
        {
            return layers;
        }

        string[] unknown = [.. targets.Where(t => !layers.Any(l => Matches(l.Path, t)))];
        if (unknown.Length > 0)
        {
            throw new ConfigurationException(
                $"LoRA target modules match nothing in this model: {string.Join(", ", unknown)}. Its linear layers end in: {string.Join(", ", layers.Select(l => l.Path[(l.Path.LastIndexOf('.') + 1)..]).Distinct())}.");
        }

        return [.. layers.Where(l => targets.Any(t => Matches(l.Path, t)))];
    }

    private static bool Matches(string path, string target) => path == target || path.EndsWith("." + target, StringComparison.Ordinal);
}
