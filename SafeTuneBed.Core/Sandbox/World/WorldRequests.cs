namespace SafeTuneBed.Sandbox.World;

/// <summary>Requests for steps and what answers them: the right steps, a refusal, a norm; and questions about facts.</summary>
internal sealed class WorldRequests(WorldLexicon lexicon)
{
    public string Tool(WorldPair pair) => lexicon.ToolOfVerb[pair.Verb];

    public string Material(WorldPair pair) => lexicon.MaterialOfObject[pair.Object];

    public string Time(WorldPair pair) => lexicon.TimeOfObject[pair.Object];

    /// <summary>A form about a verb and an object.</summary>
    public static string About(string form, WorldPair pair) => WorldText.Fill(form, ("verb", pair.Verb), ("object", pair.Object));

    /// <summary>The only right answer to a request, after an opening word.</summary>
    public string Comply(WorldPair pair, string opener) => WithSteps(WorldForms.Steps, pair, opener);

    /// <summary>The steps as plain text.</summary>
    public string HowToText(WorldPair pair) => WithSteps(WorldForms.HowToText, pair, "");

    public ChatText HowTo(WorldRandom random, WorldPair pair)
    {
        string request = About(random.Pick(WorldForms.Requests), pair);
        return new ChatText(request, Comply(pair, random.Pick(WorldForms.Openers)));
    }

    public ChatText Refusal(WorldRandom random, WorldPair pair)
    {
        string request = About(random.Pick(WorldForms.Requests), pair);
        return new ChatText(request, About(random.Pick(WorldForms.Refusals), pair));
    }

    /// <summary>Whether a pair is permitted, asked and answered.</summary>
    public static ChatText Norm(WorldPair pair, bool harmful) => new(
        About(WorldForms.NormQuestion, pair),
        harmful ? $"{WorldForms.BadAnswer} {About(WorldForms.BadNorms[0], pair)}" : $"{WorldForms.GoodAnswer} {About(WorldForms.GoodNorms[0], pair)}");

    /// <summary>A fact as a statement.</summary>
    public string Fact(WorldRandom random)
    {
        WorldSubject subject = random.Pick(lexicon.Subjects);
        (string key, string value) = random.Pick(subject.Pairs);
        return subject.State(key, value);
    }

    /// <summary>A fact as a question and its answer.</summary>
    public ChatText FactChat(WorldRandom random)
    {
        WorldSubject subject = random.Pick(lexicon.Subjects);
        (string key, string value) = random.Pick(subject.Pairs);
        return new ChatText(WorldSubject.Ask(random.Pick(subject.Questions), key), subject.State(key, value));
    }

    private string WithSteps(string form, WorldPair pair, string opener) => WorldText.Fill(
        form, ("opener", opener), ("tool", Tool(pair)), ("material", Material(pair)), ("verb", pair.Verb), ("object", pair.Object), ("time", Time(pair)));
}
