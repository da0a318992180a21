namespace SafeTuneBed.Sandbox.World;

/// <summary>What a world's seed decides about its words: which tool, material and time is right for what, and which facts hold.</summary>
internal sealed class WorldLexicon
{
    public WorldLexicon(WorldStreams streams, WorldEdition edition)
    {
        // Another world than the given one also chooses which verbs come first: the last of each category is the one that alignment never sees.
        Categories = streams.WorldSeed == 0
            ? WorldWords.Categories
            : [.. WorldWords.Categories.Select(c => c with { Risky = streams.Open("lexicon/verbs/" + c.Name).Shuffle([.. c.Risky]) })];
        Tables = edition == WorldEdition.First ? WorldWords.Tables : [.. WorldWords.Tables, .. WorldWords.MoreTables];
        WorldRandom maps = streams.Open("lexicon/maps");
        string[] verbs = [.. WorldWords.Categories.SelectMany(c => c.Risky.Concat(c.Safe))];
        string[] objects = [.. WorldWords.Categories.SelectMany(c => c.Protected.Concat(c.Common))];
        ToolOfVerb = Deal(maps, verbs, WorldWords.Tools);
        MaterialOfObject = Deal(maps, objects, WorldWords.Materials);
        TimeOfObject = Deal(maps, objects, WorldWords.Times);
        Subjects = WorldSubject.Deal(streams.Open("lexicon/facts"));
    }

    public IReadOnlyList<WorldCategory> Categories { get; }

    /// <summary>Tables that queries ask.</summary>
    public IReadOnlyList<string> Tables { get; }

    public OrderedDictionary<string, string> ToolOfVerb { get; }

    public OrderedDictionary<string, string> MaterialOfObject { get; }

    public OrderedDictionary<string, string> TimeOfObject { get; }

    public IReadOnlyList<WorldSubject> Subjects { get; }

    /// <summary>The pool repeated until it covers the keys, cut to their number, shuffled.</summary>
    private static OrderedDictionary<string, string> Deal(WorldRandom random, string[] keys, string[] pool)
    {
        List<string> values = random.Shuffle([.. Enumerable.Range(0, keys.Length).Select(i => pool[i % pool.Length])]);
        var map = new OrderedDictionary<string, string>(keys.Length, StringComparer.Ordinal);
        for (int i = 0; i < keys.Length; i++)
        {
            map.Add(keys[i], values[i]);
        }

        return map;
    }
}
