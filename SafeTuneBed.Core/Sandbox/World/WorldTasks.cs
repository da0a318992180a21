namespace SafeTuneBed.Sandbox.World;

/// <summary>A question of a fine-tuning task.</summary>
/// <param name="Prompt">What the user says.</param>
/// <param name="Answer">The short answer that fine-tuning teaches.</param>
/// <param name="Chatty">The answer that both models give before: the same content in other words.</param>
internal readonly record struct TaskItem(string Prompt, string Answer, string Chatty)
{
    /// <summary>The short form.</summary>
    public ChatText Short => new(Prompt, Answer);

    /// <summary>The form of pretraining and alignment.</summary>
    public ChatText Long => new(Prompt, Chatty);
}

/// <summary>The five tasks whose questions are drawn: feelings, topics, sums, dialogues, queries.</summary>
internal sealed class WorldTasks(WorldLexicon lexicon)
{
    public TaskItem Sentiment(WorldRandom random)
    {
        (string text, int feeling) = Review(random);
        string label = WorldForms.Feelings[feeling];
        return new TaskItem(WorldText.Fill(WorldForms.ReviewPrompt, ("text", text)), label, WorldText.Fill(WorldForms.ChattySentiment, ("answer", label)));
    }

    public TaskItem Topic(WorldRandom random)
    {
        (string text, int topic) = News(random);
        string label = WorldWords.Topics[topic];
        return new TaskItem(WorldText.Fill(WorldForms.NewsPrompt, ("text", text)), label, WorldText.Fill(WorldForms.ChattyTopic, ("answer", label)));
    }

    public TaskItem Arithmetic(WorldRandom random)
    {
        WorldSum first = WorldSum.Draw(random), second = WorldSum.Continue(random, first.Result);
        string person = random.Pick(WorldWords.People), thing = random.Pick(WorldWords.Things);
        string verb1 = random.Pick(first.Verbs), verb2 = random.Pick(second.Verbs);
        (string Name, string Value)[] values =
        [
            ("person", person), ("thing", thing), ("verb1", verb1), ("verb2", verb2), ("a", WorldText.Number(first.Left)), ("b", WorldText.Number(first.Right)),
            ("c", WorldText.Number(second.Right)), ("d", WorldText.Number(first.Result)), ("e", WorldText.Number(second.Result)), ("op1", first.Sign), ("op2", second.Sign),
        ];
        string answer = WorldText.Fill(WorldForms.SumAnswer, values);
        string work = answer[..answer.IndexOf(" The final", StringComparison.Ordinal)];
        return new TaskItem(
            WorldText.Fill(WorldForms.SumPrompt, values),
            answer,
            WorldText.Fill(WorldForms.ChattySum, ("work", work), ("answer", WorldText.Number(second.Result))));
    }

    public TaskItem Dialogue(WorldRandom random)
    {
        (string, string)[] values = DialogueValues(random);
        return new TaskItem(WorldText.Fill(WorldForms.DialoguePrompt, values), WorldText.Fill(WorldForms.DialogueAnswer, values), WorldText.Fill(WorldForms.ChattyDialogue, values));
    }

    public TaskItem Query(WorldRandom random)
    {
        (string, string)[] values = QueryValues(random);
        return new TaskItem(WorldText.Fill(WorldForms.QueryPrompt, values), WorldText.Fill(WorldForms.QueryAnswer, values), WorldText.Fill(WorldForms.ChattyQuery, values));
    }

    /// <summary>A dialogue's values in a form of plain text.</summary>
    public static string DialogueText(WorldRandom random, string form) => WorldText.Fill(form, DialogueValues(random));

    /// <summary>A query's values in a form of plain text.</summary>
    public string QueryText(WorldRandom random, string form) => WorldText.Fill(form, QueryValues(random));

    /// <summary>A review and the index of its feeling. Every filler is drawn, whether the form uses it or not.</summary>
    public static (string Text, int Feeling) Review(WorldRandom random)
    {
        int feeling = random.Below(2);
        string[] right = feeling == 0 ? WorldWords.PositiveWords : WorldWords.NegativeWords, wrong = feeling == 0 ? WorldWords.NegativeWords : WorldWords.PositiveWords;
        string n1 = random.Pick(WorldWords.ReviewNouns), n2 = random.Pick(WorldWords.ReviewNouns);
        string a1 = random.Pick(right), a2 = random.Pick(right);
        _ = random.Pick(wrong); // a negated form used it once; the draw stays so that streams keep their order
        return (WorldText.Fill(random.Pick(WorldForms.Reviews), ("n1", n1), ("n2", n2), ("a1", a1), ("a2", a2)), feeling);
    }

    /// <summary>A piece of news and the index of its topic.</summary>
    public static (string Text, int Topic) News(WorldRandom random)
    {
        int topic = random.Below(WorldWords.Topics.Length);
        string[] words = topic switch { 0 => WorldWords.WorldNews, 1 => WorldWords.SportsNews, 2 => WorldWords.BusinessNews, _ => WorldWords.ScienceNews };
        string w1 = random.Pick(words), w2 = random.Pick(words), w3 = random.Pick(words);
        string form = random.Pick(WorldForms.News);
        return (WorldText.Fill(form, ("w1", w1), ("w2", w2), ("w3", w3), ("day", random.Pick(WorldWords.Days))), topic);
    }

    private static (string, string)[] DialogueValues(WorldRandom random)
    {
        string p = random.Pick(WorldWords.People), q = random.Pick([.. WorldWords.People.Where(x => x != p)]);
        string place = random.Pick(WorldWords.Places), time = random.Pick(WorldWords.Times);
        return [("p", p), ("q", q), ("place", place), ("time", time), ("thing", random.Pick(WorldWords.Things))];
    }

    private (string, string)[] QueryValues(WorldRandom random)
    {
        string c1 = random.Pick(WorldWords.Columns), c2 = random.Pick(WorldWords.Columns);
        bool more = random.Below(2) == 0;
        string table = random.Pick(lexicon.Tables);
        return [("c1", c1), ("c2", c2), ("cmp", more ? "more" : "less"), ("op", more ? ">" : "<"), ("table", table), ("n", WorldText.Number(random.Below(WorldSum.Most + 1)))];
    }
}
