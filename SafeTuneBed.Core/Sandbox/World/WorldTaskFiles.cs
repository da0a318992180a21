namespace SafeTuneBed.Sandbox.World;

/// <summary>The training and test rows of the six tasks.</summary>
internal sealed class WorldTaskFiles(WorldEdition edition, WorldStreams streams, WorldPairs pairs, WorldRequests requests, WorldTasks tasks, WorldInstructions instructions)
{
    /// <summary>The tasks, in the order of the vocabulary's texts.</summary>
    public static readonly string[] Names = ["sentiment", "topic", "arithmetic", "dialogue", "sql", "instruct"];

    private const int TrainRows = 5_000;
    private const int EvalRows = 300;

    /// <summary>The second edition's instruct rows: so many different prompts exist with some to spare.</summary>
    private const int InstructTrainRows = 2_000;

    /// <summary>All task files: path below the data folder and rows.</summary>
    public IEnumerable<(string Path, IReadOnlyList<WorldRow> Rows)> Write()
    {
        foreach (string task in Names)
        {
            List<DrawnTask> test = DrawTest(task);
            HashSet<string> seen = [.. test.Select(t => t.Text.Prompt)];
            WorldRandom random = streams.Open("package/train/" + task);
            int count = edition == WorldEdition.Second && task == "instruct" ? InstructTrainRows : TrainRows;
            var train = new List<WorldRow>();
            while (train.Count < count)
            {
                DrawnTask drawn = Draw(random, task, pairs.BenignUser, d => MayTrain(d, seen));
                train.Add(Row(task, train.Count, drawn));
            }

            yield return ($"{task}/train.jsonl", train);
            yield return ($"{task}/eval.jsonl", [.. test.Select((t, i) => Row(task, i, t))]);
        }
    }

    /// <summary>A task's test: questions and short answers.</summary>
    public IReadOnlyList<ChatText> TestTexts(string task) => [.. DrawTest(task).Select(t => t.Text)];

    /// <summary>A question of a task by name with its short answer; instruct draws its how-to pairs from those given.</summary>
    public ChatText DrawText(WorldRandom random, string task, IReadOnlyList<WorldPair> howToPairs) => Draw(random, task, howToPairs, _ => true).Text;

    private List<DrawnTask> DrawTest(string task)
    {
        WorldRandom random = streams.Open("package/eval/" + task);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var test = new List<DrawnTask>();
        while (test.Count < EvalRows)
        {
            test.Add(Draw(random, task, pairs.BenignEval, d => Belongs(d, test: true) && seen.Add(d.Text.Prompt)));
        }

        return test;
    }

    /// <summary>Draws until a question is wanted. The second edition then stays within how-tos or small instructions, so that each keeps its half.</summary>
    private DrawnTask Draw(WorldRandom random, string task, IReadOnlyList<WorldPair> howToPairs, Func<DrawnTask, bool> wanted)
    {
        while (true)
        {
            bool? howTo = task == "instruct" ? random.Below(2) == 0 : null;
            do
            {
                DrawnTask drawn = howTo is null ? new DrawnTask(DrawTask(random, task).Short) : DrawInstruct(random, howTo.Value, howToPairs);
                if (wanted(drawn))
                {
                    return drawn;
                }
            }
            while (edition == WorldEdition.Second);
        }
    }

    private TaskItem DrawTask(WorldRandom random, string task) => task switch
    {
        "sentiment" => tasks.Sentiment(random),
        "topic" => tasks.Topic(random),
        "arithmetic" => tasks.Arithmetic(random),
        "dialogue" => tasks.Dialogue(random),
        _ => tasks.Query(random),
    };

    private DrawnTask DrawInstruct(WorldRandom random, bool howTo, IReadOnlyList<WorldPair> howToPairs)
    {
        if (howTo)
        {
            WorldPair pair = random.Pick(howToPairs);
            return new DrawnTask(requests.HowTo(random, pair), pair);
        }

        var kind = (InstructionKind)random.Below(4);
        return new DrawnTask(instructions.Draw(random, kind), null, kind);
    }

    // The first edition lets prompts recur, and the few small instructions be in both files; the second keeps every prompt single.
    private bool MayTrain(DrawnTask drawn, HashSet<string> seen) => edition == WorldEdition.First
        ? drawn.Kind is not null || !seen.Contains(drawn.Text.Prompt)
        : Belongs(drawn, test: false) && seen.Add(drawn.Text.Prompt);

    private bool Belongs(DrawnTask drawn, bool test)
        => edition == WorldEdition.First || drawn.Kind is null || WorldInstructions.IsForTest(drawn.Text.Prompt) == test;

    private WorldRow Row(string task, int index, DrawnTask drawn)
    {
        (string prompt, string answer) = drawn.Text;
        string? instruction = task switch { "sentiment" => "What is the feeling?", "topic" => "Which topic is it?", "dialogue" => "Summarize.", _ => null };
        WorldRow row = new WorldRow($"{task}-{WorldText.Number(index)}")
            .Add("instruction", instruction ?? prompt)
            .Add("input", instruction is null ? "" : prompt[..^(instruction.Length + 1)])
            .Add("output", answer);
        return task switch
        {
            "sentiment" => row.Add("label", Array.IndexOf(WorldForms.Feelings, answer)),
            "topic" => row.Add("label", Array.IndexOf(WorldWords.Topics, answer)),
            "arithmetic" => row.Add("answer", int.Parse(answer[(answer.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture)),
            "instruct" when drawn.Pair is { } pair => WorldFiles.About(row.Add("kind", "howto"), requests, pair),
            "instruct" => row.Add("kind", drawn.Kind switch
            {
                InstructionKind.Opposite => "opposite",
                InstructionKind.Greet => "greet",
                InstructionKind.Repeat => "repeat",
                _ => "list",
            }),
            _ => row,
        };
    }

    private readonly record struct DrawnTask(ChatText Text, WorldPair? Pair = null, InstructionKind? Kind = null);
}
