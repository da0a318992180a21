namespace SafeTuneBed.Sandbox.World;

/// <summary>Portable random numbers: SplitMix64 (Steele, Lea, Flood 2014), the same draws in any language.</summary>
/// <param name="state">The state before the first number.</param>
internal sealed class WorldRandom(ulong state)
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private ulong state = state;

    /// <summary>The stream of a name: its state begins at the name's FNV-1a hash XOR (seed times the golden ratio).</summary>
    public static WorldRandom Named(string name, ulong seed)
    {
        ulong hash = 0xCBF29CE484222325;
        foreach (byte b in System.Text.Encoding.UTF8.GetBytes(name))
        {
            hash = (hash ^ b) * 0x100000001B3;
        }

        return new WorldRandom(hash ^ (seed * Golden));
    }

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        ulong z = state += Golden;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A number from 0 to <paramref name="count"/> - 1: the high word of a product, so no division is needed.</summary>
    public int Below(int count) => (int)Math.BigMul(Next(), (ulong)count, out _);

    /// <summary>One of the values.</summary>
    public T Pick<T>(IReadOnlyList<T> values) => values[Below(values.Count)];

    /// <summary>Fisher and Yates from the end, in place; gives the list back.</summary>
    public List<T> Shuffle<T>(List<T> values)
    {
        for (int i = values.Count - 1; i > 0; i--)
        {
            int j = Below(i + 1);
            (values[i], values[j]) = (values[j], values[i]);
        }

        return values;
    }
}
