namespace SafeTuneBed.Models;

/// <summary>Which linear layers get an adapter: PEFT's rule for a list of names.</summary>
internal static class TargetModules
{
    private const string AllLinear = "all-linear";

    /// <summary>The matching layers, in the order of the network.</summary>
    /// <exception cref="ConfigurationException">A name matches nothing.</exception>
    public static IReadOnlyList<LinearLayer> Select(IReadOnlyList<LinearLayer> layers, IReadOnlyList<string> targets)
    {
        HashSet<string> chosen = [.. Select([.. layers.Select(l => l.Path)], targets)];
        return [.. layers.Where(l => chosen.Contains(l.Path))];
    }

    /// <summary>The matching paths, in the order given.</summary>
    /// <exception cref="ConfigurationException">A name matches nothing.</exception>
    public static IReadOnlyList<string> Select(IReadOnlyList<string> paths, IReadOnlyList<string> targets)
    {
        if (targets.Count == 0)
        {
            throw new ConfigurationException("LoRA has no target modules. Name some, such as q_proj and v_proj, or all-linear.");
        }

        if (targets is [AllLinear])
        {
            return paths;
        }

        string[] unknown = [.. targets.Where(t => !paths.Any(p => Matches(p, t)))];
        if (unknown.Length > 0)
        {
            throw new ConfigurationException(
                $"LoRA target modules match nothing in this model: {string.Join(", ", unknown)}. Its linear layers end in: {string.Join(", ", paths.Select(p => p[(p.LastIndexOf('.') + 1)..]).Distinct())}.{(unknown.Contains(AllLinear) ? $" '{AllLinear}' stands alone, without other names." : "")}");
        }

        return [.. paths.Where(p => targets.Any(t => Matches(p, t)))];
    }

    private static bool Matches(string path, string target) => path == target || path.EndsWith("." + target, StringComparison.Ordinal);
}
