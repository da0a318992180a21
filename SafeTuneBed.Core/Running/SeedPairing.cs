namespace SafeTuneBed.Running;

/// <summary>Brings the scores of two rows into the same order of seeds.</summary>
internal static class SeedPairing
{
    /// <summary>
    /// The seeds that both rows have, in the order of the first. A model that was not trained answers the same whatever the seed: its one list stands beside every seed of the other row.
    /// </summary>
    /// <exception cref="SafeTuneBedException">The rows have no seed in common.</exception>
    public static (IReadOnlyList<IReadOnlyList<SampleScore>> First, IReadOnlyList<IReadOnlyList<SampleScore>> Second) Align(
        IReadOnlyList<ulong> firstSeeds,
        IReadOnlyList<IReadOnlyList<SampleScore>> first,
        bool firstTrained,
        IReadOnlyList<ulong> secondSeeds,
        IReadOnlyList<IReadOnlyList<SampleScore>> second,
        bool secondTrained)
    {
        if (!firstTrained && first.Count == 1)
        {
            return ([.. second.Select(_ => first[0])], second);
        }

        if (!secondTrained && second.Count == 1)
        {
            return (first, [.. first.Select(_ => second[0])]);
        }

        if (first.Count != firstSeeds.Count || second.Count != secondSeeds.Count)
        {
            throw new SafeTuneBedException("The rows can't be compared: one of them lacks this metric for some of its seeds. Run the grid again to complete it.");
        }

        int[] common = [.. Enumerable.Range(0, firstSeeds.Count).Where(i => secondSeeds.Contains(firstSeeds[i]))];
        return common.Length == 0
            ? throw new SafeTuneBedException($"The rows can't be compared: they have no seed in common ({string.Join(", ", firstSeeds)} and {string.Join(", ", secondSeeds)}).")
            : ([.. common.Select(i => first[i])], [.. common.Select(i => second[secondSeeds.ToList().IndexOf(firstSeeds[i])])]);
    }
}
