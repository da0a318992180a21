namespace SafeTuneBed.Models;

/// <summary>Which linear layers get an adapter.</summary>
internal static class TargetModules
{
    /// <summary>The layers that an adapter's rules select, in the order of the network, the output head last. Nothing may match: that is the caller's matter.</summary>
    public static IReadOnlyList<LinearLayer> Matching(Decoder decoder, AdapterRules rules) =>
        [.. decoder.Linears.Where(l => rules.IsTarget(l.Path, isHead: false)), .. rules.IsTarget(decoder.HeadLayer.Path, isHead: true) ? [decoder.HeadLayer] : Array.Empty<LinearLayer>()];

    /// <summary>The layers that a training run adapts. Stricter than loading: whatever is named must be there, or a misspelt name would change the experiment unseen.</summary>
    /// <exception cref="ConfigurationException">A name, pattern or block matches nothing; all faults, with what there is.</exception>
    public static IReadOnlyList<LinearLayer> Select(Decoder decoder, LoraConfig config)
    {
        Check([.. decoder.Linears.Select(l => l.Path)], decoder.HeadLayer.Path, decoder.Options.LayerCount, config);
        return Matching(decoder, new AdapterRules(config));
    }

    /// <summary>Refuses what <see cref="Select"/> would refuse, from the names of a model's layers alone.</summary>
    /// <param name="paths">The linear layers but the head, in the order of the network.</param>
    /// <param name="head">The output head.</param>
    /// <param name="blocks">Number of blocks.</param>
    /// <param name="config">What to adapt.</param>
    /// <exception cref="ConfigurationException">As for <see cref="Select"/>.</exception>
    public static void Check(IReadOnlyList<string> paths, string head, int blocks, LoraConfig config)
    {
        if (config.TargetPattern is null && config.TargetModules.Count == 0)
        {
            throw new ConfigurationException("LoRA has no target modules. Name some, such as q_proj and v_proj, or all-linear.");
        }

        string[] all = [.. paths, head];
        var rules = new AdapterRules(config);
        var faults = new List<string>();
        if (config.TargetPattern is null && !AdapterRules.IsAllLinear(config))
        {
            faults.AddRange(config.TargetModules.Where(t => !all.Any(p => AdapterRules.Names(p, t)))
                .Select(t => $"the target module '{t}' matches nothing{(t == "all-linear" ? " (it stands alone, without other names)" : "")}"));
        }

        faults.AddRange((config.LayersToTransform ?? []).Where(i => i < 0 || i >= blocks)
            .Select(i => $"LayersToTransform names block {i}, but the blocks are 0 to {blocks - 1}"));
        string[] selected = [.. paths.Where(p => rules.IsTarget(p, isHead: false)), .. rules.IsTarget(head, isHead: true) ? [head] : Array.Empty<string>()];
        if (faults.Count == 0 && selected.Length == 0)
        {
            faults.Add(config.TargetPattern is { } pattern
                ? $"no layer is left that TargetPattern '{pattern}' matches in full"
                : "no target module is left once blocks and exclusions are applied");
        }

        if (faults.Count == 0)
        {
            faults.AddRange(rules.PatternFaults(selected));
        }

        if (faults.Count > 0)
        {
            throw new ConfigurationException(
                $"LoRA does not fit this model: {string.Join("; ", faults)}. Its linear layers are called {string.Join(", ", all.Select(p => p[(p.LastIndexOf('.') + 1)..]).Distinct())}, in full such as {all[0]}.");
        }
    }
}
