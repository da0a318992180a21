using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace SafeTuneBed.Statistics;

/// <summary>
/// The random numbers of resampling: SplitMix64 (Steele, Lea and Flood, 2014). The same seed gives the same numbers on every machine and in every
/// version of .NET, which System.Random does not promise.
/// </summary>
internal sealed class SeededRandom(ulong seed)
{
    private ulong state = seed;

    /// <summary>A seed that belongs to a text, such as the key of a metric.</summary>
    public static ulong SeedOf(string text) => BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>64 random bits.</summary>
    public ulong NextBits()
    {
        state += 0x9E3779B97F4A7C15;
        ulong z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A number from 0 to <paramref name="count"/> - 1, each equally likely (Lemire, 2019: multiply, keep the high half, reject the biased rest).</summary>
    public int NextIndex(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ulong range = (ulong)count;
        ulong high = Math.BigMul(NextBits(), range, out ulong low);
        if (low < range)
        {
            ulong biased = (0 - range) % range;
            while (low < biased)
            {
                high = Math.BigMul(NextBits(), range, out low);
            }
        }

        return (int)high;
    }
}
