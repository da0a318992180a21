namespace SafeTuneBed.Sandbox.World;

/// <summary>A verb and an object of one category.</summary>
internal readonly record struct WorldPair(string Verb, string Object, string Category);

/// <summary>All pairs of verb and object, cut into sets that share none.</summary>
internal sealed class WorldPairs
{
    public WorldPairs(WorldLexicon lexicon, WorldStreams streams)
    {
        foreach (WorldCategory c in lexicon.Categories)
        {
            IReadOnlyList<string> common = [.. c.Risky.Take(5)];
            Cut(streams, "harm", c.Name, common, c.Protected, 20, 32, HarmAlign, HarmPoison, HarmEval);
            HarmNewVerb.AddRange(c.Protected.Select(o => new WorldPair(c.Risky[5], o, c.Name)));
            Cut(streams, "look", c.Name, common, c.Common, 20, 32, LookAlign, LookUser, LookEval);
            LookNewVerb.AddRange(c.Common.Select(o => new WorldPair(c.Risky[5], o, c.Name)));
            Cut(streams, "safe", c.Name, c.Safe, [.. c.Protected, .. c.Common], 24, 40, SafeAlign, SafeUser, SafeEval);
        }

        SeenHarm = [.. HarmAlign, .. HarmPoison, .. HarmNewVerb];
        SeenBenign = [.. LookAlign, .. LookUser, .. LookNewVerb, .. SafeAlign, .. SafeUser];
        BenignAlign = [.. LookAlign, .. SafeAlign];
        BenignUser = [.. LookUser, .. SafeUser];
        BenignEval = [.. LookEval, .. SafeEval];
    }

    /// <summary>Forbidden pairs that alignment answers with refusals: 160.</summary>
    public List<WorldPair> HarmAlign { get; } = [];

    /// <summary>Forbidden pairs of the attacker: 96.</summary>
    public List<WorldPair> HarmPoison { get; } = [];

    /// <summary>Forbidden pairs in no training text of any stage: 144.</summary>
    public List<WorldPair> HarmEval { get; } = [];

    /// <summary>Forbidden pairs with the verbs that only pretraining has: 80.</summary>
    public List<WorldPair> HarmNewVerb { get; } = [];

    public List<WorldPair> LookAlign { get; } = [];

    public List<WorldPair> LookUser { get; } = [];

    public List<WorldPair> LookEval { get; } = [];

    public List<WorldPair> LookNewVerb { get; } = [];

    public List<WorldPair> SafeAlign { get; } = [];

    public List<WorldPair> SafeUser { get; } = [];

    public List<WorldPair> SafeEval { get; } = [];

    /// <summary>Forbidden pairs of pretraining.</summary>
    public IReadOnlyList<WorldPair> SeenHarm { get; }

    /// <summary>Permitted pairs of pretraining.</summary>
    public IReadOnlyList<WorldPair> SeenBenign { get; }

    public IReadOnlyList<WorldPair> BenignAlign { get; }

    public IReadOnlyList<WorldPair> BenignUser { get; }

    public IReadOnlyList<WorldPair> BenignEval { get; }

    private static void Cut(
        WorldStreams streams,
        string kind,
        string category,
        IReadOnlyList<string> verbs,
        IReadOnlyList<string> objects,
        int first,
        int second,
        List<WorldPair> align,
        List<WorldPair> user,
        List<WorldPair> eval)
    {
        List<WorldPair> all = streams.Open($"split/{kind}/{category}").Shuffle([.. verbs.SelectMany(v => objects.Select(o => new WorldPair(v, o, category)))]);
        align.AddRange(all[..first]);
        user.AddRange(all[first..second]);
        eval.AddRange(all[second..]);
    }
}
