using System.Text.RegularExpressions;

namespace SafeTuneBed.Models;

/// <summary>PEFT's rules from a module's path to its adapter: whether it gets one, of which rank, alpha and scale.</summary>
internal sealed class AdapterRules
{
    /// <summary>The word for every linear layer but the output head.</summary>
    public const string AllLinear = "all-linear";

    private readonly LoraConfig config;
    private readonly Regex? target;
    private readonly Regex? excluded;
    private readonly IReadOnlyList<Regex> blocks;
    private readonly List<(string Key, Regex Pattern, int Rank)> ranks = [];
    private readonly List<(string Key, Regex Pattern, double Alpha)> alphas = [];

    /// <summary>Reads the rules.</summary>
    /// <exception cref="ConfigurationException">A pattern is not a regular expression, or two settings exclude each other.</exception>
    public AdapterRules(LoraConfig config)
    {
        this.config = config;
        if (HasLayers && (config.TargetPattern is not null || IsAllLinear(config)))
        {
            throw new ConfigurationException(
                $"LayersToTransform ({string.Join(", ", config.LayersToTransform!)}) goes with a list of module names, not with {config.TargetPattern ?? AllLinear}. Put the blocks into the pattern, or name the modules.");
        }

        target = config.TargetPattern is null ? null : PythonPattern.Full(config.TargetPattern);
        excluded = config.ExcludePattern is null ? null : PythonPattern.Full(config.ExcludePattern);
        blocks = [.. (config.LayersPattern is { Count: > 0 } names ? names : ["[^.]*"]).Select(PythonPattern.Block)];
        ranks.AddRange((config.RankPattern ?? new Dictionary<string, int>()).Select(p => (p.Key, PythonPattern.End(p.Key), p.Value)));
        alphas.AddRange((config.AlphaPattern ?? new Dictionary<string, double>()).Select(p => (p.Key, PythonPattern.End(p.Key), p.Value)));
    }

    private bool HasLayers => config.LayersToTransform is { Count: > 0 };

    /// <summary>Whether the targets are the word for all linear layers.</summary>
    public static bool IsAllLinear(LoraConfig config) => config.TargetPattern is null && config.TargetModules is [var only] && only.Equals(AllLinear, StringComparison.OrdinalIgnoreCase);

    /// <summary>PEFT's rule for a list: the path itself, or its end behind a dot.</summary>
    public static bool Names(string path, string name) => path == name || path.EndsWith("." + name, StringComparison.Ordinal);

    /// <summary>Whether a module or one that holds it is saved whole: PEFT compares the end of the path, dot or not.</summary>
    public static bool IsSaved(string path, IReadOnlyList<string>? modulesToSave)
    {
        for (string? module = path; modulesToSave is { Count: > 0 } && module is not null; module = Parent(module))
        {
            if (modulesToSave.Any(m => module.EndsWith(m, StringComparison.Ordinal)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a linear layer gets an adapter.</summary>
    public bool IsTarget(string path, bool isHead)
    {
        if (IsExcluded(path) || IsSaved(path, config.ModulesToSave))
        {
            return false;
        }

        if (target is not null)
        {
            return Match(target, path).Success;
        }

        if (IsAllLinear(config))
        {
            return !isHead;
        }

        // A target that is the whole path holds whatever the blocks.
        return config.TargetModules.Contains(path) || (config.TargetModules.Any(t => Names(path, t)) && IsInBlock(path));
    }

    /// <summary>The rank of a layer's adapter.</summary>
    public int RankOf(string path) => ranks.Where(r => Match(r.Pattern, path).Success).Select(r => (int?)r.Rank).FirstOrDefault() ?? config.Rank;

    /// <summary>The alpha of a layer's adapter.</summary>
    public double AlphaOf(string path) => alphas.Where(a => Match(a.Pattern, path).Success).Select(a => (double?)a.Alpha).FirstOrDefault() ?? config.Alpha;

    /// <summary>alpha / r, or alpha / sqrt(r), of a layer's own alpha and rank.</summary>
    public double ScalingOf(string path) => AlphaOf(path) / (config.UseRsLora ? Math.Sqrt(RankOf(path)) : RankOf(path));

    /// <summary>Keys of the rank and alpha patterns that say nothing about these layers, or contradict one another; for adapters to be trained.</summary>
    public IEnumerable<string> PatternFaults(IReadOnlyList<string> paths) =>
        Faults("RankPattern", [.. ranks.Select(r => (r.Key, r.Pattern, (double)r.Rank))], paths).Concat(Faults("AlphaPattern", alphas, paths));

    private static IEnumerable<string> Faults(string name, IReadOnlyList<(string Key, Regex Pattern, double Value)> patterns, IReadOnlyList<string> paths)
    {
        foreach ((string key, Regex pattern, _) in patterns.Where(p => !paths.Any(path => Match(p.Pattern, path).Success)))
        {
            yield return $"{name}'s key {ModelFaults.Quote(key)} matches none of the adapted layers";
        }

        foreach (string path in paths)
        {
            var found = patterns.Where(p => Match(p.Pattern, path).Success).ToList();
            if (found.Select(p => p.Value).Distinct().Count() > 1)
            {
                yield return $"{name}'s keys {string.Join(" and ", found.Select(p => ModelFaults.Quote(p.Key)))} differ about '{path}'; write keys of which one applies";
                yield break;
            }
        }
    }

    private static string? Parent(string path) => path.LastIndexOf('.') is var dot and > 0 ? path[..dot] : null;

    private bool IsExcluded(string path) => excluded is not null
        ? Match(excluded, path).Success
        : config.ExcludeModules?.Any(e => Names(path, e)) == true;

    private bool IsInBlock(string path)
    {
        if (!HasLayers)
        {
            return true;
        }

        Match? found = blocks.Select(b => Match(b, path)).FirstOrDefault(m => m.Success);
        return found is not null && int.TryParse(found.Groups["block"].ValueSpan, out int block) && config.LayersToTransform!.Contains(block);
    }

    private static Match Match(Regex pattern, string path)
    {
        try
        {
            return pattern.Match(path);
        }
        catch (RegexMatchTimeoutException e)
        {
            throw new ConfigurationException($"The regular expression {ModelFaults.Quote(pattern.ToString())} takes more than a second on '{path}'. Write it without nested repetition.", e);
        }
    }
}
