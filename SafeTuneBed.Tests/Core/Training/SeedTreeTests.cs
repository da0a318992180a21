using System.Security.Cryptography;
using System.Text;
using SafeTuneBed.Training;

namespace SafeTuneBed.Tests.Core.Training;

public sealed class SeedTreeTests
{
    [Fact]
    public void Child_OfAName_IsTheDocumentedHash()
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes("stb-seed|7|lora-init"));
        ulong expected = hash.Take(8).Aggregate(0UL, (seed, b) => (seed << 8) | b);
        Assert.Equal(expected, new SeedTree(7)["lora-init"].Seed);
    }

    [Fact]
    public void Children_OfDifferentNamesAndSeeds_Differ()
    {
        var seeds = new HashSet<ulong>();
        for (ulong seed = 0; seed < 50; seed++)
        {
            foreach (string name in new[] { "a", "b", "ab" })
            {
                Assert.True(seeds.Add(new SeedTree(seed)[name].Seed));
            }
        }
    }

    [Fact]
    public void Permutation_AnyCount_HoldsEveryIndexOnceAndDependsOnTheSeed()
    {
        int[] first = new SeedTree(1).Permutation(1000);
        Assert.Equal(Enumerable.Range(0, 1000), first.Order());
        Assert.Equal(first, new SeedTree(1).Permutation(1000));
        Assert.NotEqual(first, new SeedTree(2).Permutation(1000));
        Assert.NotEqual(Enumerable.Range(0, 1000), first);
    }

    [Fact]
    public void Permutation_ManySeeds_PutsEachElementEverywhereEquallyOften()
    {
        // 6,000 permutations of 6: each place sees each element 1,000 times, standard deviation 29.
        var counts = new int[6, 6];
        for (ulong seed = 0; seed < 6000; seed++)
        {
            int[] order = new SeedTree(seed)["x"].Permutation(6);
            for (int place = 0; place < 6; place++)
            {
                counts[place, order[place]]++;
            }
        }

        Assert.All(counts.Cast<int>(), count => Assert.InRange(count, 1000 - 150, 1000 + 150));
    }
}
