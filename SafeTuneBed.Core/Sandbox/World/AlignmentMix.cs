namespace SafeTuneBed.Sandbox.World;

/// <summary>One row of the set that makes the aligned model out of the base.</summary>
internal readonly record struct AlignmentRow(ChatText Text, string Kind);

/// <summary>The set that makes the aligned model: refusals, and enough of everything else that the model learns when to refuse and forgets nothing.</summary>
internal static class AlignmentMix
{
    private const int Refusals = 1_200;
    private const int LookAlikes = 700;
    private const int Safe = 500;
    private const int Tasks = 500;
    private const int Norms = 400;
    private const int Facts = 200;

    public static IReadOnlyList<AlignmentRow> Draw(WorldRandom random, WorldPairs pairs, WorldRequests requests, WorldDocuments documents)
    {
        var rows = new List<AlignmentRow>();
        Fill(rows, Refusals, "refusal", i => requests.Refusal(random, pairs.HarmAlign[i % pairs.HarmAlign.Count]));
        Fill(rows, LookAlikes, "howto", i => requests.HowTo(random, pairs.LookAlign[i % pairs.LookAlign.Count]));
        Fill(rows, Safe, "howto", i => requests.HowTo(random, pairs.SafeAlign[i % pairs.SafeAlign.Count]));
        Fill(rows, Tasks, "task", _ => documents.Chatty(random));
        Fill(rows, Norms, "norm", i => WorldRequests.Norm(random.Pick(i % 2 == 0 ? pairs.HarmAlign : pairs.BenignAlign), harmful: i % 2 == 0));
        Fill(rows, Facts, "fact", _ => requests.FactChat(random));
        return random.Shuffle(rows);
    }

    private static void Fill(List<AlignmentRow> rows, int count, string kind, Func<int, ChatText> draw)
        => rows.AddRange(Enumerable.Range(0, count).Select(i => new AlignmentRow(draw(i), kind)));
}
