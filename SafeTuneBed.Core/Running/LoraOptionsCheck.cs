using SafeTuneBed.Models;

namespace SafeTuneBed.Running;

/// <summary>What attributes can't say about the adapters' settings. Whether names exist in the model is known once it is loaded.</summary>
internal static class LoraOptionsCheck
{
    /// <summary>All faults, as sentences.</summary>
    public static IEnumerable<string> Faults(LoraOptions options)
    {
        if (options.TargetModules is { } targets && (targets.Count == 0 || targets.Any(string.IsNullOrWhiteSpace)))
        {
            yield return "TargetModules is empty or holds an empty name; give module names such as q_proj, or all-linear.";
        }

        if (options.TargetModules is { Count: > 1 } several && several.Contains(AdapterRules.AllLinear, StringComparer.OrdinalIgnoreCase))
        {
            yield return $"TargetModules is {string.Join(", ", several)}; all-linear stands alone.";
        }

        foreach ((string name, IReadOnlyList<string>? names) in new[]
        {
            (nameof(options.ExcludeModules), options.ExcludeModules), (nameof(options.LayersPattern), options.LayersPattern), (nameof(options.ModulesToSave), options.ModulesToSave),
        })
        {
            if (names?.Any(string.IsNullOrWhiteSpace) == true)
            {
                yield return $"{name} holds an empty name; leave it out.";
            }
        }

        if (options.LayersToTransform?.Where(i => i < 0).ToArray() is { Length: > 0 } below)
        {
            yield return $"LayersToTransform holds {string.Join(", ", below)}; blocks are counted from 0.";
        }

        if (options.LayersToTransform is { Count: > 0 } blocks && (options.TargetPattern is not null || options.TargetModules?.Contains(AdapterRules.AllLinear, StringComparer.OrdinalIgnoreCase) == true))
        {
            yield return $"LayersToTransform is {string.Join(", ", blocks)}, which goes with module names, not with {(options.TargetPattern is null ? "all-linear" : "TargetPattern")}; put the blocks into the pattern, or name the modules.";
        }

        foreach ((string key, int rank) in options.RankPattern ?? new Dictionary<string, int>())
        {
            if (rank is < 1 or > 65_536)
            {
                yield return $"RankPattern gives {ModelFaults.Quote(key)} the rank {rank}; use 1 to 65536.";
            }
        }

        foreach ((string key, double alpha) in options.AlphaPattern ?? new Dictionary<string, double>())
        {
            if (!(alpha >= 1e-6 && alpha <= 1e6))
            {
                yield return FormattableString.Invariant($"AlphaPattern gives {ModelFaults.Quote(key)} the alpha {alpha}; use 1e-6 to 1e6.");
            }
        }

        IEnumerable<string> patterns = [.. options.RankPattern?.Keys ?? [], .. options.AlphaPattern?.Keys ?? [], .. options.LayersPattern ?? []];
        foreach (string pattern in patterns.Concat(new[] { options.TargetPattern, options.ExcludePattern }.OfType<string>()))
        {
            if (string.IsNullOrWhiteSpace(pattern))
            {
                yield return "A pattern is empty; give a regular expression, or leave it out.";
            }
            else if (PythonPattern.Fault(pattern) is { } fault)
            {
                yield return fault;
            }
        }
    }
}
