using SafeTuneBed.Models;

namespace SafeTuneBed.Tests.Core.Models;

public sealed class PrefixGroupTests
{
    [Fact]
    public void Find_TwoSubjectsWithExamplesOfTheirOwn_GivesAGroupToEach()
    {
        int[] header = [1, 2, 3], first = [.. Enumerable.Range(10, 80)], second = [.. Enumerable.Range(200, 90)];
        var heads = new List<ReadOnlyMemory<int>>();
        for (int i = 0; i < 20; i++)
        {
            heads.Add(new[] { header, i % 2 == 0 ? first : second, [300 + i, 5] }.SelectMany(p => p).ToArray());
        }

        heads.Add(new[] { 7, 8 });

        IReadOnlyList<PrefixGroup> groups = PrefixGroup.Find(heads);

        Assert.Equal([0, 83, 93], groups.Select(g => g.Length).Order());
        Assert.Equal(Enumerable.Range(0, 10).Select(i => 2 * i), groups.Single(g => g.Length == 83).Members.Order());
        Assert.Equal([20], groups.Single(g => g.Length == 0).Members);
    }

    [Fact]
    public void Find_LittleInCommon_SharesNothing()
    {
        ReadOnlyMemory<int>[] heads = [.. Enumerable.Range(0, 3).Select(i => (ReadOnlyMemory<int>)Enumerable.Range(0, 500).Append(i).ToArray())];

        Assert.Equal(0, Assert.Single(PrefixGroup.Find(heads)).Length);
        Assert.Equal(0, Assert.Single(PrefixGroup.Find([.. Enumerable.Range(0, 9).Select(i => (ReadOnlyMemory<int>)new[] { 1, 2, i })])).Length);
        Assert.Empty(PrefixGroup.Find([]));
    }

    [Fact]
    public void Find_RandomTrees_PartitionsAndSavesAsMuchAsTheBestOfAllDivisionsByBeginning()
    {
        var random = new Random(6);
        for (int round = 0; round < 60; round++)
        {
            int[][] stems = [.. Enumerable.Range(0, 3).Select(_ => Enumerable.Range(0, random.Next(60)).Select(_ => random.Next(2)).ToArray())];
            int[][] heads = [.. Enumerable.Range(0, 1 + random.Next(40)).Select(_ => stems[random.Next(3)].Concat(Enumerable.Range(0, random.Next(9)).Select(_ => random.Next(2))).ToArray())];

            IReadOnlyList<PrefixGroup> groups = PrefixGroup.Find([.. heads.Select(h => (ReadOnlyMemory<int>)h)]);

            Assert.Equal(Enumerable.Range(0, heads.Length), groups.SelectMany(g => g.Members).Order());
            Assert.All(groups, g => Assert.All(g.Members, m => Assert.Equal(heads[g.Members[0]][..g.Length], heads[m][..g.Length])));
            long saved = groups.Where(g => g.Length > 0).Sum(g => ((g.Members.Count - 1L) * g.Length) - 64);
            Assert.Equal(Best(heads, 0), saved);
        }
    }

    // By recursion over the next token: a set with one beginning is kept whole, or divided by its first difference.
    private static long Best(IReadOnlyList<int[]> heads, int depth)
    {
        if (heads.Count < 4)
        {
            return 0;
        }

        IGrouping<int, int[]>[] parts = [.. heads.GroupBy(h => h.Length > depth ? h[depth] : -1)];
        if (parts.Length == 1 && parts[0].Key >= 0)
        {
            return Best(heads, depth + 1);
        }

        return Math.Max(((heads.Count - 1L) * depth) - 64, parts.Where(p => p.Key >= 0).Sum(p => Best([.. p], depth + 1)) + (parts.FirstOrDefault(p => p.Key < 0) is { } ended && ended.Count() >= 4 ? Math.Max(0, ((ended.Count() - 1L) * depth) - 64) : 0));
    }
}
