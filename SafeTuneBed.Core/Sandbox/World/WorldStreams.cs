namespace SafeTuneBed.Sandbox.World;

/// <summary>The random streams of one world. World 0 is the world of the embedded sandbox; any other seed changes every stream.</summary>
internal readonly record struct WorldStreams(ulong WorldSeed)
{
    /// <summary>A stream of its own for each name and seed, so that one set of texts never moves when another changes.</summary>
    public WorldRandom Open(string name, ulong seed = 0)
        => WorldRandom.Named(WorldSeed == 0 ? name : FormattableString.Invariant($"world/{WorldSeed}/{name}"), seed);
}
