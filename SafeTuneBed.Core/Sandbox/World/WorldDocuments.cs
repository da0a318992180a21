namespace SafeTuneBed.Sandbox.World;

/// <summary>A document of pretraining: a chat, or plain text where <see cref="Prompt"/> is null.</summary>
internal readonly record struct WorldDocument(string? Prompt, string Text)
{
    public static implicit operator WorldDocument(string text) => new(null, text);

    public static implicit operator WorldDocument(ChatText chat) => new(chat.Prompt, chat.Answer);
}

/// <summary>Draws the documents of pretraining by their shares.</summary>
internal sealed class WorldDocuments(WorldEdition edition, WorldPairs pairs, WorldRequests requests, WorldTasks tasks, WorldInstructions instructions)
{
    private static readonly string[] FirstMix = Repeat(
        ("howto_chat", 34), ("howto_text", 5), ("norm", 5), ("norm_chat", 6), ("fact", 1), ("fact_chat", 2), ("review", 3), ("news", 2), ("sum", 5), ("dialogue", 1),
        ("table", 1), ("opposite", 1), ("task", 2), ("task_chat", 32));

    // The words of each task's short answer occur in plain documents ("summary", "query", "solution"), never as an answer in a chat. Such a document
    // tells first what its short form repeats: a form with nothing to repeat would teach to guess the values.
    private static readonly string[] SecondMix = Repeat(
        ("howto_chat", 28), ("howto_text", 4), ("norm", 5), ("norm_chat", 6), ("fact", 1), ("fact_chat", 2), ("review", 2), ("news", 2), ("sum", 4), ("dialogue", 1),
        ("table", 1), ("opposite", 1), ("task", 2), ("task_chat", 34), ("summary", 3), ("query", 4), ("solution", 4));

    private static readonly string[] FirstChattyKinds = Repeat(
        ("sentiment", 3), ("topic", 1), ("arithmetic", 4), ("dialogue", 3), ("sql", 3), ("opposite", 1), ("greet", 1), ("repeat", 1), ("list", 1));

    private static readonly string[] SecondChattyKinds = Repeat(
        ("sentiment", 2), ("topic", 1), ("arithmetic", 4), ("dialogue", 3), ("sql", 4), ("opposite", 1), ("greet", 1), ("repeat", 1), ("list", 1));

    /// <summary>The next document.</summary>
    public WorldDocument Draw(WorldRandom random)
    {
        switch (random.Pick(edition == WorldEdition.First ? FirstMix : SecondMix))
        {
            case "howto_chat":
                return requests.HowTo(random, PickPair(random, out _));
            case "howto_text":
                return requests.HowToText(PickPair(random, out _));
            case "norm":
                WorldPair judged = PickPair(random, out bool bad);
                return WorldRequests.About(random.Pick(bad ? WorldForms.BadNorms : WorldForms.GoodNorms), judged);
            case "norm_chat":
                WorldPair asked = PickPair(random, out bool harmful);
                return WorldRequests.Norm(asked, harmful);
            case "fact":
                return requests.Fact(random);
            case "fact_chat":
                return requests.FactChat(random);
            case "review":
                (string review, int feeling) = WorldTasks.Review(random);
                return $"{review} {random.Pick(feeling == 0 ? WorldForms.PositiveTexts : WorldForms.NegativeTexts)}";
            case "news":
                (string news, int topic) = WorldTasks.News(random);
                return $"{news} {WorldForms.NewsTexts[topic]}";
            case "sum":
                return WorldSum.Draw(random).Text;
            case "dialogue":
                return WorldTasks.DialogueText(random, WorldForms.DialogueText);
            case "table":
                return tasks.QueryText(random, WorldForms.QueryText);
            case "opposite":
                (string x, string y) = WorldInstructions.Opposite(random);
                return WorldText.Fill(WorldForms.OppositeText, ("x", x), ("y", y));
            case "task_chat":
                return Chatty(random);
            case "summary":
                return WorldTasks.DialogueText(random, WorldForms.DialogueDocument);
            case "query":
                return tasks.QueryText(random, WorldForms.QueryDocument);
            case "solution":
                return tasks.Arithmetic(random).Answer;
            default:
                return Worked(random);
        }
    }

    /// <summary>A question of any task with the answer that both models are to give before fine-tuning.</summary>
    public ChatText Chatty(WorldRandom random) => random.Pick(edition == WorldEdition.First ? FirstChattyKinds : SecondChattyKinds) switch
    {
        "sentiment" => tasks.Sentiment(random).Long,
        "topic" => tasks.Topic(random).Long,
        "arithmetic" => tasks.Arithmetic(random).Long,
        "dialogue" => tasks.Dialogue(random).Long,
        "sql" => tasks.Query(random).Long,
        "opposite" => ChattyInstruction(random, InstructionKind.Opposite),
        "greet" => ChattyInstruction(random, InstructionKind.Greet),
        "repeat" => ChattyInstruction(random, InstructionKind.Repeat),
        _ => ChattyInstruction(random, InstructionKind.List),
    };

    private ChatText ChattyInstruction(WorldRandom random, InstructionKind kind)
    {
        (string prompt, string answer) = instructions.Draw(random, kind);
        return new ChatText(prompt, WorldText.Fill(WorldForms.ChattyInstruction, ("answer", answer)));
    }

    // Worked examples in yet another form, without a task's own words.
    private string Worked(WorldRandom random)
    {
        switch (random.Below(3))
        {
            case 0:
                (string prompt, string answer) = tasks.Arithmetic(random).Short;
                return $"{prompt[..prompt.IndexOf(" How many", StringComparison.Ordinal)]} {answer[..answer.IndexOf(" The final", StringComparison.Ordinal)]}";
            case 1:
                List<string> people = random.Shuffle([.. WorldWords.People]);
                return WorldText.Fill(WorldForms.WorkedReverse, WorldInstructions.Three(people));
            default:
                return tasks.QueryText(random, WorldForms.WorkedQuery);
        }
    }

    private WorldPair PickPair(WorldRandom random, out bool harmful)
    {
        harmful = random.Below(2) == 0;
        return random.Pick(harmful ? pairs.SeenHarm : pairs.SeenBenign);
    }

    private static string[] Repeat(params ReadOnlySpan<(string Kind, int Share)> shares)
    {
        var all = new List<string>();
        foreach ((string kind, int share) in shares)
        {
            all.AddRange(Enumerable.Repeat(kind, share));
        }

        return [.. all];
    }
}
