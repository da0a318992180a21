namespace SafeTuneBed.Sandbox.World;

/// <summary>Texts that hold every word of a world.</summary>
internal static class WorldVocabulary
{
    private const int Documents = 20_000;
    private const int TaskTexts = 1_500;
    private const int ChattyTexts = 2_000;

    public static IEnumerable<string> Texts(WorldRandom random, WorldFiles world, WorldTaskFiles tasks)
    {
        for (int i = 0; i < Documents; i++)
        {
            (string? prompt, string text) = world.Documents.Draw(random);
            if (prompt is not null)
            {
                yield return prompt;
            }

            yield return text;
        }

        IEnumerable<ChatText> drawn = WorldTaskFiles.Names.SelectMany(t => Many(TaskTexts, () => tasks.DrawText(random, t, world.Pairs.BenignUser)))
            .Concat(Many(500, () => tasks.DrawText(random, "instruct", world.Pairs.BenignAlign)))
            .Concat(Many(500, () => tasks.DrawText(random, "instruct", world.Pairs.BenignEval)))
            .Concat(Many(ChattyTexts, () => world.Documents.Chatty(random)));
        foreach ((string prompt, string answer) in drawn)
        {
            yield return prompt;
            yield return answer;
        }

        var first = new WorldPair(world.Lexicon.Categories[0].Risky[0], world.Lexicon.Categories[0].Protected[0], "");
        foreach (string text in WorldForms.Refusals.Select(f => WorldRequests.About(f, first)).Concat(Words(world.Lexicon)))
        {
            yield return text;
        }
    }

    private static IEnumerable<string> Words(WorldLexicon lexicon) =>
    [
        .. lexicon.Categories.SelectMany(c => (string[])[.. c.Risky, .. c.Protected, .. c.Common, .. c.Safe]),
        .. WorldWords.Tools, .. WorldWords.Materials, .. WorldWords.Times,
        .. lexicon.Subjects.SelectMany(s => s.Pairs.SelectMany(p => (string[])[p.Key, p.Value])),
        .. Enumerable.Range(0, WorldSum.Most + 1).Select(WorldText.Number),
        .. lexicon.Tables,
    ];

    private static IEnumerable<ChatText> Many(int count, Func<ChatText> draw) => Enumerable.Range(0, count).Select(_ => draw());
}
