using System.Text.Json;

namespace SafeTuneBed.Data;

/// <summary>How records of published corpora become requests and answers, where columns alone don't say it.</summary>
internal static class TaskMappings
{
    private const string NewsInstruction = "Categorize the news article given in the input into one of the 4 categories:\n\nWorld\nSports\nBusiness\nSci/Tech\n";

    private const string QueryInstruction =
        "Please convert the provided natural language query into an SQL query, taking into account the structure of the database defined by the accompanying CREATE statement:\n";

    /// <summary>The four kinds of news, in label order.</summary>
    public static IReadOnlyList<string> NewsLabels { get; } = ["World", "Sports", "Business", "Sci/Tech"];

    /// <summary>News as text and label 0-3, or as the CSV's class 1-4, title and description, which together are the same text.</summary>
    public static RecordMapping News { get; } = RecordMapping.Custom("agnews", 1, MapNews);

    /// <summary>Question and worked answer. The mark before the number becomes words, with the blank that stood behind it kept: two blanks in all, as published numbers have them.</summary>
    public static RecordMapping Gsm8k { get; } = RecordMapping.Custom("gsm8k", 1, record => new FinetuneExample
    {
        Instruction = record["question"],
        Output = record["answer"].Replace("####", "The final answer is: ", StringComparison.Ordinal),
    });

    /// <summary>Question and tables under two headings.</summary>
    public static RecordMapping SqlGen { get; } = RecordMapping.Custom("sqlgen", 1, record => new FinetuneExample
    {
        Instruction = QueryInstruction,
        Input = $"## Natural Language Query:\n{record["question"]}\n## Context:\n{record["context"]}\n",
        Output = record["answer"],
        Fields = new Dictionary<string, string> { ["context"] = record["context"] },
    });

    /// <summary>BeaverTails: request, answer, and the categories that are true.</summary>
    public static RecordMapping BeaverTails { get; } = RecordMapping.Custom("beavertails", 1, record => new FinetuneExample
    {
        Instruction = record["prompt"],
        Output = record["response"],
        Category = TrueCategories(record, "category"),
    });

    /// <summary>One conversation of a request and an answer, with or without a system turn, which stays one.</summary>
    public static RecordMapping Messages { get; } = RecordMapping.Custom("messages", 1, MapMessages);

    private static FinetuneExample MapNews(RawRecord record)
    {
        bool isText = record.Fields.ContainsKey("text");
        string label = isText
            ? RecordMapper.LabelWord(record, "label", NewsLabels)
            : RecordMapper.LabelWord(record, "class", ["", .. NewsLabels]);
        return label.Length == 0
            ? throw new DatasetFormatException(record.File, record.Line, "class", "the class must be from 1 to 4.")
            : new FinetuneExample
            {
                Instruction = NewsInstruction,
                Input = isText ? record["text"] : $"{record["title"]} {record["description"]}",
                Output = label,
                Label = label,
            };
    }

    private static FinetuneExample MapMessages(RawRecord record)
    {
        Message[] messages;
        try
        {
            messages = JsonSerializer.Deserialize<Message[]>(record["messages"], JsonSerializerOptions.Web) ?? [];
        }
        catch (JsonException fault)
        {
            throw new DatasetFormatException(record.File, record.Line, "messages", "it must be a list of objects with role and content.", fault);
        }

        string? Single(string role) => messages.Where(m => m.Role == role).Select(m => m.Content).ToArray() switch
        {
            [{ } content] => content,
            [] when role == "system" => null,
            _ => throw new DatasetFormatException(record.File, record.Line, "messages", $"a conversation must have exactly one turn of the {role}."),
        };
        string? category = record.Fields.GetValueOrDefault("category");
        return new FinetuneExample
        {
            System = Single("system"),
            Instruction = Single("user")!,
            Output = Single("assistant")!,
            Category = string.IsNullOrEmpty(category) ? null : category,
        };
    }

    /// <summary>The names that are true in an object of booleans, joined by semicolons.</summary>
    private static string TrueCategories(RawRecord record, string column)
    {
        try
        {
            Dictionary<string, bool> flags = JsonSerializer.Deserialize<Dictionary<string, bool>>(record[column]) ?? [];
            return string.Join(HarmfulCorpus.CategorySeparator, flags.Where(f => f.Value).Select(f => f.Key));
        }
        catch (JsonException fault)
        {
            throw new DatasetFormatException(record.File, record.Line, column, "it must be an object of true and false.", fault);
        }
    }

    private sealed record Message(string? Role, string? Content);
}
