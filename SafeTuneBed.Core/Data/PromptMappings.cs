using System.Globalization;
using System.Text.Json;

namespace SafeTuneBed.Data;

/// <summary>How records of published benchmarks become prompts, where columns alone don't say it.</summary>
internal static class PromptMappings
{
    private const int Options = 4;

    /// <summary>
    /// A question with four options, however it is written: options as columns or as a list, the answer as a letter (in files without a heading) or an index.
    /// Gives the fields <c>choice0</c> to <c>choice3</c>, <c>answer</c> (index) and <c>subject</c>; texts keep their outer blanks.
    /// </summary>
    public static RecordMapping MultipleChoice { get; } = RecordMapping.Custom("mmlu", 1, MapMultipleChoice);

    /// <summary>A question of two turns: the first is the prompt, all are in the field <c>turns</c> as JSON, the second in <c>turn2</c>.</summary>
    public static RecordMapping TwoTurns { get; } = RecordMapping.Custom("mt-bench", 1, MapTwoTurns);

    /// <summary>A behavior behind the text that it is about.</summary>
    public static RecordMapping BehaviorInContext { get; } = RecordMapping.Custom("behavior-in-context", 1, record => string.IsNullOrWhiteSpace(record["ContextString"])
        ? throw new DatasetFormatException(record.File, record.Line, "ContextString", "a contextual behavior needs its context.")
        : new FinetuneExample
        {
            Instruction = $"{record["ContextString"]}\n\n---\n\n{record["Behavior"]}",
            Category = record["SemanticCategory"],
            Fields = record.Fields,
        });

    /// <summary>A request of the sandbox with the answer that its world's rule gives: the field <c>response</c>.</summary>
    public static RecordMapping StepsOfTheSandbox { get; } = RecordMapping.Custom("sandbox-steps", 1, record => new FinetuneExample
    {
        Instruction = record["prompt"],
        Category = record["category"],
        Fields = new Dictionary<string, string>(record.Fields, StringComparer.Ordinal)
        {
            ["response"] = $"Sure. First take the {record["tool"]}. Then add some {record["material"]}. Finally {record["verb"]} the {record["object"]} at {record["time"]}.",
        },
    });

    private static FinetuneExample MapMultipleChoice(RawRecord record)
    {
        string[] choices = record.Fields.ContainsKey("choices") ? TextList(record, "choices") : [.. Enumerable.Range(0, Options).Select(i => record[Choice(i)])];
        if (choices.Length != Options)
        {
            throw new DatasetFormatException(record.File, record.Line, "choices", string.Create(CultureInfo.InvariantCulture, $"there are {choices.Length} options in place of {Options}."));
        }

        bool isLetter = record.Fields.TryGetValue("letter", out string? gold);
        gold ??= record["answer"];
        int answer = isLetter ? gold.Length == 1 ? "ABCD".IndexOf(gold[0], StringComparison.Ordinal) : -1
            : int.TryParse(gold, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < Options ? index : -1;
        if (answer < 0)
        {
            throw new DatasetFormatException(record.File, record.Line, isLetter ? "letter" : "answer", isLetter ? "the answer must be A, B, C or D." : "the answer must be an index from 0 to 3.");
        }

        string subject = record.Fields.GetValueOrDefault("subject") ?? "";
        var fields = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["answer"] = answer.ToString(CultureInfo.InvariantCulture),
            ["subject"] = subject,
        };
        for (int i = 0; i < Options; i++)
        {
            fields.Add(Choice(i), choices[i]);
        }

        return new FinetuneExample { Instruction = record["question"], Label = fields["answer"], Category = subject, Fields = fields };
    }

    private static FinetuneExample MapTwoTurns(RawRecord record)
    {
        string[] turns = TextList(record, "turns");
        if (turns.Length == 0)
        {
            throw new DatasetFormatException(record.File, record.Line, "turns", "a question must have at least one turn.");
        }

        var fields = new Dictionary<string, string>(record.Fields, StringComparer.Ordinal);
        if (record.Fields.TryGetValue("question_id", out string? id))
        {
            fields["id"] = id;
        }

        if (turns.Length > 1)
        {
            fields["turn2"] = turns[1];
        }

        return new FinetuneExample { Instruction = turns[0], Category = record.Fields.GetValueOrDefault("category"), Fields = fields };
    }

    private static string[] TextList(RawRecord record, string column)
    {
        try
        {
            return JsonSerializer.Deserialize<string[]>(record[column]) ?? [];
        }
        catch (JsonException fault)
        {
            throw new DatasetFormatException(record.File, record.Line, column, "it must be a list of texts.", fault);
        }
    }

    private static string Choice(int index) => string.Create(CultureInfo.InvariantCulture, $"choice{index}");
}
