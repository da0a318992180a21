namespace SafeTuneBed.Sandbox.World;

/// <summary>A subject of the knowledge test: sixteen pairs, one statement, two questions.</summary>
internal sealed record WorldSubject(string Name, string Statement, string[] Questions, IReadOnlyList<(string Key, string Value)> Pairs)
{
    private static readonly (string Name, string[] Keys, string[] Values, string Statement, string[] Questions)[] Subjects =
    [
        ("geography", WorldWords.Lands, WorldWords.Cities, "The capital of {key} is {value}.", ["What is the capital of {key}?", "Name the capital of {key}."]),
        ("history", WorldWords.Rulers, WorldWords.Cities, "{key} founded the city of {value}.", ["Which city did {key} found?", "What city was founded by {key}?"]),
        ("zoology", WorldWords.Animals, WorldWords.Foods, "The {key} eats {value}.", ["What does the {key} eat?", "Which food does the {key} like?"]),
        ("crafts", WorldWords.Jobs, WorldWords.Goods, "The {key} works with {value}.", ["What does the {key} work with?", "Which goods does the {key} use?"]),
        ("astronomy", WorldWords.Stars, WorldWords.Colours, "The star {key} shines {value}.", ["Which colour is the star {key}?", "How does the star {key} shine?"]),
    ];

    /// <summary>The subjects with their values dealt out.</summary>
    public static IReadOnlyList<WorldSubject> Deal(WorldRandom random)
    {
        var dealt = new List<WorldSubject>();
        foreach ((string name, string[] keys, string[] values, string statement, string[] questions) in Subjects)
        {
            List<string> shuffled = random.Shuffle([.. values]);
            dealt.Add(new WorldSubject(name, statement, questions, [.. keys.Zip(shuffled)]));
        }

        return dealt;
    }

    /// <summary>The statement for one key and value.</summary>
    public string State(string key, string value) => WorldText.Fill(Statement, ("key", key), ("value", value));

    /// <summary>A question about a key.</summary>
    public static string Ask(string question, string key) => WorldText.Fill(question, ("key", key));
}
