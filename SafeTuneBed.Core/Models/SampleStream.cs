namespace SafeTuneBed.Models;

/// <summary>
/// The random numbers of one prompt: number n of stream i under a seed is a function of (seed, i, n) alone, so that neither the batch nor other rows nor
/// the platform matter. SplitMix64 (Steele, Lea and Flood 2014), started at a mix of seed and stream id.
/// </summary>
internal struct SampleStream
{
    private const ulong Gamma = 0x9E3779B97F4A7C15;
    private ulong state;

    /// <summary>The stream with this id.</summary>
    public SampleStream(ulong seed, ulong streamId) => state = Mix(Mix(seed + Gamma) + ((streamId + 1) * Gamma));

    /// <summary>The next number, uniform over the multiples of 2^-53 from 0 to below 1.</summary>
    public double Next() => (Mix(state += Gamma) >> 11) * (1.0 / (1UL << 53));

    /// <summary>A seed of its own for each stream, 0 to 2^31 - 1, which every provider takes; for models that draw their numbers themselves.</summary>
    public static long SeedOf(ulong seed, ulong streamId) => (long)(Mix(new SampleStream(seed, streamId).state) >> 33);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
