using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using static TorchSharp.torch;

namespace SafeTuneBed.Training;

/// <summary>
/// Every random stream of a run has a name below the run's seed. A stream's seed depends on its name alone, so adding a stream or drawing
/// more from one never changes another.
/// </summary>
internal readonly record struct SeedTree(ulong Seed)
{
    /// <summary>The seed of the child with this name: the first 8 bytes of SHA-256 over <c>stb-seed|seed|name</c>, big-endian.</summary>
    public SeedTree this[string name] => new(BinaryPrimitives.ReadUInt64BigEndian(
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"stb-seed|{Seed}|{name}")))));

    /// <summary>The seed of the child with this number.</summary>
    public SeedTree this[long index] => this[index.ToString(CultureInfo.InvariantCulture)];

    /// <summary>A torch generator on the CPU for this place in the tree. The caller disposes it.</summary>
    public Generator CreateGenerator() => new(Seed);

    /// <summary>
    /// A permutation of 0 .. count - 1: indices in the order of their hash. Depends on no random-number library.
    /// </summary>
    public int[] Permutation(int count)
    {
        var keys = new ulong[count];
        var order = new int[count];
        ulong state = Seed;
        for (int i = 0; i < count; i++)
        {
            keys[i] = SplitMix(ref state);
            order[i] = i;
        }

        Array.Sort(keys, order);
        return order;
    }

    // SplitMix64 (Steele, Lea, Flood 2014): one addition and a mix; full period, so keys are distinct.
    private static ulong SplitMix(ref ulong state)
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
