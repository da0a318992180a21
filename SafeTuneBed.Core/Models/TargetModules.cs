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
        if (config.TargetPattern is null && config.TargetModules.Count == 0)
        {
            throw new ConfigurationException("LoRA has no target modules. Name some, such as q_proj and v_proj, or all-linear.");
        }

        LinearLayer[] all = [.. decoder.Linears, decoder.HeadLayer];
        var rules = new AdapterRules(config);
        var faults = new List<string>();
        if (config.TargetPattern is null && !AdapterRules.IsAllLinear(config))
        {
            faults.AddRange(config.TargetModules.Where(t => !all.Any(l => AdapterRules.Names(l.Path, t))).Select(t => $"the target module '{t}' matches nothing"));
        }

        faults.AddRange((config.LayersToTransform ?? []).Where(i => i < 0 || i >= decoder.Options.LayerCount)
            .Select(i => $"LayersToTransform names block {i}, but the blocks are 0 to {decoder.Options.LayerCount - 1}"));
        IReadOnlyList<LinearLayer> selected = Matching(decoder, rules);
        if (faults.Count == 0 && selected.Count == 0)
        {
            faults.Add(config.TargetPattern is { } pattern
                ? $"no layer is left that TargetPattern '{pattern}' matches in full"
                : "no target module is left once blocks and exclusions are applied");
        }

        if (faults.Count == 0)
        {
            faults.AddRange(rules.PatternFaults([.. selected.Select(l => l.Path)]));
        }

        return faults.Count == 0
            ? selected
            : throw new ConfigurationException(
                $"LoRA does not fit this model: {string.Join("; ", faults)}. Its linear layers are called {string.Join(", ", all.Select(l => l.Path[(l.Path.LastIndexOf('.') + 1)..]).Distinct())}, in full such as {all[0].Path}.");
    }
}
