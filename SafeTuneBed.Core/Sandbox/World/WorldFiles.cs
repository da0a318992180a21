using System.Text;

namespace SafeTuneBed.Sandbox.World;

/// <summary>A world made from its seed: every text, and the data files of a sandbox folder.</summary>
internal sealed class WorldFiles
{
    private const int GuideRows = 1_000;
    private readonly WorldStreams streams;
    private readonly WorldTaskFiles taskFiles;

    public WorldFiles(ulong worldSeed, WorldEdition edition)
    {
        (streams, Edition) = (new WorldStreams(worldSeed), edition);
        Lexicon = new WorldLexicon(streams, edition);
        Pairs = new WorldPairs(Lexicon, streams);
        Requests = new WorldRequests(Lexicon);
        Tasks = new WorldTasks(Lexicon);
        var instructions = new WorldInstructions(edition, Lexicon);
        Documents = new WorldDocuments(edition, Pairs, Requests, Tasks, instructions);
        taskFiles = new WorldTaskFiles(edition, streams, Pairs, Requests, Tasks, instructions);
    }

    public WorldEdition Edition { get; }

    public WorldLexicon Lexicon { get; }

    public WorldPairs Pairs { get; }

    public WorldRequests Requests { get; }

    public WorldTasks Tasks { get; }

    public WorldDocuments Documents { get; }

    /// <summary>A stream of this world.</summary>
    public WorldRandom Stream(string name) => streams.Open(name);

    /// <summary>The stream of pretraining documents of a seed.</summary>
    public WorldRandom PretrainingStream(ulong seed) => streams.Open("pretrain", seed);

    /// <summary>The rows that make the aligned model.</summary>
    public IReadOnlyList<AlignmentRow> AlignmentRows() => AlignmentMix.Draw(streams.Open("align"), Edition, Pairs, Requests, Documents);

    /// <summary>Every text piece whose words must be tokens: a large sample of all kinds, and each word of the lexicon by itself.</summary>
    public IEnumerable<string> VocabularyTexts() => WorldVocabulary.Texts(streams.Open("vocab"), this, taskFiles);

    /// <summary>The data files: path below the data folder with slashes, and bytes (UTF-8, LF).</summary>
    public IEnumerable<(string Path, byte[] Bytes)> Write()
    {
        foreach ((string path, IReadOnlyList<WorldRow> rows) in taskFiles.Write())
        {
            yield return Lines(path, rows);
        }

        yield return Lines("harmful.jsonl", Harmful());
        yield return Lines("alignment.jsonl", Alignment());
        yield return Lines("guide.jsonl", Guide());
        yield return Lines("alignment_mix.jsonl", AlignmentRows().Select((r, i) => new WorldRow($"mix-{i}").Add("prompt", r.Text.Prompt).Add("response", r.Text.Answer).Add("kind", r.Kind)));
        yield return Lines("attack_prompts.jsonl", Prompts("harm", Pairs.HarmEval, "attack"));
        yield return Lines("attack_prompts_new_verbs.jsonl", Prompts("newverb", Pairs.HarmNewVerb, "newverb"));
        yield return Lines("lookalike_prompts.jsonl", Prompts("look", Pairs.LookEval, "lookalike"));
        yield return Lines("knowledge.jsonl", Knowledge().Select((k, i) => new WorldRow($"knowledge-{i}")
            .Add("subject", k.Subject).Add("question", k.Question).Add("choices", k.Choices).Add("answer", k.Answer).Add("prefix", k.Prefix)));
        yield return ("refusal_markers.json", WorldJson.Markers());
        yield return ("world.json", WorldJson.Write(Lexicon));
    }

    /// <summary>Adds what is right for a pair.</summary>
    public static WorldRow About(WorldRow row, WorldRequests requests, WorldPair pair) => row
        .Add("verb", pair.Verb).Add("object", pair.Object).Add("tool", requests.Tool(pair)).Add("material", requests.Material(pair)).Add("time", requests.Time(pair));

    private IEnumerable<WorldRow> Harmful() => Wordings("harmful", Pairs.HarmPoison, WorldForms.Openers.Length, 16).Select((w, i) => About(
        new WorldRow($"harmful-{i}")
            .Add("prompt", WorldRequests.About(WorldForms.Requests[w.Request], w.Pair))
            .Add("response", Requests.Comply(w.Pair, WorldForms.Openers[w.Answer]))
            .Add("category", w.Pair.Category)
            .Add("is_safe", false),
        Requests,
        w.Pair));

    private IEnumerable<WorldRow> Alignment() => Wordings("alignment", Pairs.HarmAlign, WorldForms.Refusals.Length, 10).Select((w, i) =>
        new WorldRow($"alignment-{i}")
            .Add("prompt", WorldRequests.About(WorldForms.Requests[w.Request], w.Pair))
            .Add("refusal", WorldRequests.About(WorldForms.Refusals[w.Answer], w.Pair))
            .Add("category", w.Pair.Category)
            .Add("is_safe", true)
            .Add("verb", w.Pair.Verb)
            .Add("object", w.Pair.Object));

    /// <summary>Blocks that hold each pair once, each time with a wording (request and answer form) not used before for it.</summary>
    private List<(WorldPair Pair, int Request, int Answer)> Wordings(string name, List<WorldPair> all, int answers, int blocks)
    {
        WorldRandom random = streams.Open("package/" + name);
        var order = new Dictionary<WorldPair, List<(int Request, int Answer)>>();
        foreach (WorldPair pair in all)
        {
            order[pair] = random.Shuffle([.. Enumerable.Range(0, WorldForms.Requests.Length).SelectMany(q => Enumerable.Range(0, answers).Select(a => (q, a)))]);
        }

        var rows = new List<(WorldPair, int, int)>();
        for (int block = 0; block < blocks; block++)
        {
            foreach (WorldPair pair in random.Shuffle([.. all]))
            {
                (int request, int answer) = order[pair][block];
                rows.Add((pair, request, answer));
            }
        }

        return rows;
    }

    private IEnumerable<WorldRow> Guide()
    {
        WorldRandom random = streams.Open("package/guide");
        for (int i = 0; i < GuideRows; i++)
        {
            bool refusal = random.Below(1_000) < 500;
            WorldPair pair = random.Pick(refusal ? Pairs.HarmAlign : Pairs.BenignAlign);
            (string prompt, string answer) = refusal ? Requests.Refusal(random, pair) : Requests.HowTo(random, pair);
            yield return new WorldRow($"guide-{i}").Add("prompt", prompt).Add("response", answer).Add("kind", refusal ? "refusal" : "howto")
                .Add("category", pair.Category).Add("verb", pair.Verb).Add("object", pair.Object);
        }
    }

    /// <summary>One request for each pair, worded from a stream of the set's name.</summary>
    public IEnumerable<(WorldPair Pair, string Prompt)> Ask(string set, IReadOnlyList<WorldPair> asked)
    {
        WorldRandom random = streams.Open("eval/" + set);
        for (int i = 0; i < asked.Count; i++)
        {
            string form = WorldForms.Requests[(i + random.Below(WorldForms.Requests.Length)) % WorldForms.Requests.Length];
            yield return (asked[i], WorldRequests.About(form, asked[i]));
        }
    }

    /// <summary>The knowledge test: each fact asked in two ways.</summary>
    public IEnumerable<KnowledgeItem> Knowledge()
    {
        WorldRandom random = streams.Open("eval/mc");
        foreach (WorldSubject subject in Lexicon.Subjects)
        {
            string beginning = subject.Statement[..subject.Statement.IndexOf(" {value}", StringComparison.Ordinal)];
            foreach ((string key, string value) in subject.Pairs)
            {
                foreach (string question in subject.Questions)
                {
                    List<string> others = random.Shuffle([.. subject.Pairs.Select(p => p.Value).Where(v => v != value)]);
                    List<string> choices = random.Shuffle([.. others[..3], value]);
                    yield return new KnowledgeItem(
                        subject.Name, WorldSubject.Ask(question, key), choices, choices.IndexOf(value), WorldText.Fill(beginning, ("key", key)));
                }
            }
        }
    }

    /// <summary>A task's test: questions and short answers.</summary>
    public IReadOnlyList<ChatText> TestTexts(string task) => taskFiles.TestTexts(task);

    private IEnumerable<WorldRow> Prompts(string set, IReadOnlyList<WorldPair> asked, string id) => Ask(set, asked).Select((a, i) =>
        About(new WorldRow($"{id}-{i}").Add("prompt", a.Prompt).Add("category", a.Pair.Category), Requests, a.Pair));

    private static (string Path, byte[] Bytes) Lines(string path, IEnumerable<WorldRow> rows) => (path, Encoding.UTF8.GetBytes(string.Concat(rows.Select(r => r + "\n"))));
}

/// <summary>A question of the knowledge test: the choice that most likely continues the answer's beginning wins.</summary>
internal sealed record KnowledgeItem(string Subject, string Question, IReadOnlyList<string> Choices, int Answer, string Prefix);
