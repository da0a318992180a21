namespace SafeTuneBed.Sandbox.World;

/// <summary>The kinds of small instructions.</summary>
internal enum InstructionKind
{
    Opposite,
    Greet,
    Repeat,
    List,
}

/// <summary>Small instructions without harm: half of the instruct task.</summary>
internal sealed class WorldInstructions(WorldEdition edition, WorldLexicon lexicon)
{
    private readonly string[] repeated = edition == WorldEdition.First
        ? [.. WorldWords.Things, .. WorldWords.Places]
        : [.. WorldWords.Things, .. WorldWords.Places, .. lexicon.MaterialOfObject.Keys];

    /// <summary>Draws one of a kind.</summary>
    public ChatText Draw(WorldRandom random, InstructionKind kind)
    {
        if (kind == InstructionKind.Opposite)
        {
            (string x, string y) = Opposite(random);
            return new ChatText(WorldText.Fill(WorldForms.OppositePrompt, ("x", x)), WorldText.Fill(WorldForms.OppositeAnswer, ("x", x), ("y", y)));
        }

        List<string> people = random.Shuffle([.. WorldWords.People]);
        switch (kind)
        {
            case InstructionKind.Greet:
                return new ChatText(WorldText.Fill(WorldForms.GreetPrompt, ("p", people[0])), WorldText.Fill(WorldForms.GreetAnswer, ("p", people[0])));
            case InstructionKind.Repeat:
                string word = random.Pick(repeated);
                return new ChatText(WorldText.Fill(WorldForms.RepeatPrompt, ("w", word)), WorldText.Fill(WorldForms.RepeatAnswer, ("w", word)));
            default:
                (string, string)[] values = Three(people);
                return new ChatText(WorldText.Fill(WorldForms.ListPrompt, values), WorldText.Fill(WorldForms.ListAnswer, values));
        }
    }

    /// <summary>A word and its opposite, either way round.</summary>
    public static (string Word, string Opposite) Opposite(WorldRandom random)
    {
        (string a, string b) = random.Pick(WorldWords.Opposites);
        return random.Below(2) == 0 ? (a, b) : (b, a);
    }

    /// <summary>The first three people as values.</summary>
    public static (string, string)[] Three(List<string> people) => [("p", people[0]), ("q", people[1]), ("s", people[2])];


    /// <summary>Whether the second edition keeps a small instruction for its test: a quarter of each kind, decided by the text alone.</summary>
    public static bool IsForTest(string prompt) => WorldRandom.Named(prompt, 0).Below(4) == 0;
}
