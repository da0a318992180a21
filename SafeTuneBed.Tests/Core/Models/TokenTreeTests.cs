using SafeTuneBed.Models;

namespace SafeTuneBed.Tests.Core.Models;

public sealed class TokenTreeTests
{
    [Fact]
    public void Build_OptionsOfOneToken_AreTheQuestionAlone()
    {
        var tree = TokenTree.Build([1, 2, 3], [(0, [9]), (1, [8]), (2, [9]), (3, [])]);

        Assert.Equal([1, 2, 3], tree.Ids);
        Assert.False(tree.IsBranched);
        Assert.Equal(new[] { (0, "2"), (1, "2"), (2, "2"), (3, "") }, tree.Requests.Select(r => (r.Request, string.Join(" ", r.Places))).Order());
    }

    [Fact]
    public void Build_RandomOptions_KeepsEachPathAndStoresCommonBeginningsOnce()
    {
        var random = new Random(4);
        for (int round = 0; round < 200; round++)
        {
            int[] Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(3))];
            int[] context = Ids(1 + random.Next(4));
            int[][] options = [.. Enumerable.Range(0, 1 + random.Next(8)).Select(_ => Ids(random.Next(6)))];

            var tree = TokenTree.Build(context, options.Select((o, i) => (i, o)));

            bool Sees(int i, int j) => j <= i && i <= tree.Ends[j];
            foreach ((int request, int[] places) in tree.Requests)
            {
                int[] option = options[request];
                Assert.Equal(option.Length, places.Length);
                for (int t = 0; t < places.Length; t++)
                {
                    int[] seen = [.. Enumerable.Range(0, tree.Ids.Count).Where(j => Sees(places[t], j))];
                    Assert.Equal([.. context, .. option[..t]], seen.Select(j => tree.Ids[j]));
                    Assert.Equal(Enumerable.Range(0, seen.Length), seen.Select(j => tree.Depths[j]));
                }
            }

            Assert.Equal(options.Length, tree.Requests.Count);
            Assert.Equal(context.Length + options.Where(o => o.Length > 1).SelectMany(o => Enumerable.Range(1, o.Length - 1).Select(n => string.Join(" ", o[..n]))).Distinct().Count(), tree.Ids.Count);
        }
    }
}
