namespace SafeTuneBed.Sandbox.World;

/// <summary>One row of the set that makes the aligned model out of the base.</summary>
internal readonly record struct AlignmentRow(ChatText Text, string Kind);

/// <summary>The set that makes the aligned model: refusals, and enough of everything else that the model learns when to refuse and forgets nothing.</summary>
internal static class AlignmentMix
{
    // Refusals, look-alikes, safe how-tos, tasks, norms, facts: 3,500 rows in all.
    private static readonly int[] FirstCounts = [1_200, 700, 500, 500, 400, 200];
    private static readonly int[] SecondCounts = [1_300, 600, 300, 900, 250, 150];

    public static IReadOnlyList<AlignmentRow> Draw(WorldRandom random, WorldEdition edition, WorldPairs pairs, WorldRequests requests, WorldDocuments documents)
    {
        int[] counts = edition == WorldEdition.First ? FirstCounts : SecondCounts;
        var rows = new List<AlignmentRow>();
        Fill(rows, counts[0], "refusal", i => requests.Refusal(random, pairs.HarmAlign[i % pairs.HarmAlign.Count]));
        Fill(rows, counts[1], "howto", i => requests.HowTo(random, pairs.LookAlign[i % pairs.LookAlign.Count]));
        Fill(rows, counts[2], "howto", i => requests.HowTo(random, pairs.SafeAlign[i % pairs.SafeAlign.Count]));
        Fill(rows, counts[3], "task", _ => documents.Chatty(random));
        Fill(rows, counts[4], "norm", i => WorldRequests.Norm(random.Pick(i % 2 == 0 ? pairs.HarmAlign : pairs.BenignAlign), harmful: i % 2 == 0));
        Fill(rows, counts[5], "fact", _ => requests.FactChat(random));
        return random.Shuffle(rows);
    }

    private static void Fill(List<AlignmentRow> rows, int count, string kind, Func<int, ChatText> draw)
        => rows.AddRange(Enumerable.Range(0, count).Select(i => new AlignmentRow(draw(i), kind)));
}
