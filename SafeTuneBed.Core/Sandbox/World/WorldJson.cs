using System.Text.Encodings.Web;
using System.Text.Json;

namespace SafeTuneBed.Sandbox.World;

/// <summary>The lexicon and the forms as JSON, for readers of the data.</summary>
internal sealed class WorldJson : IDisposable
{
    private static readonly JsonWriterOptions Layout = new() { Indented = true, IndentSize = 1, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly MemoryStream buffer = new();
    private readonly Utf8JsonWriter json;

    private WorldJson() => json = new Utf8JsonWriter(buffer, Layout);

    /// <summary><c>refusal_markers.json</c>.</summary>
    public static byte[] Markers()
    {
        using var file = new WorldJson();
        file.List(WorldForms.RefusalMarkers);
        return file.End();
    }

    /// <summary><c>world.json</c>.</summary>
    public static byte[] Write(WorldLexicon lexicon)
    {
        using var file = new WorldJson();
        file.World(lexicon);
        return file.End();
    }

    public void Dispose()
    {
        json.Dispose();
        buffer.Dispose();
    }

    private void World(WorldLexicon lexicon) => Object(
        ("version", () => json.WriteNumberValue(1)),
        ("categories", () => Array(lexicon.Categories, c => Object(
            Text("name", c.Name),
            Texts("verbs", c.Risky),
            Texts("protected", c.Protected),
            Texts("common", c.Common),
            Texts("safe", c.Safe)))),
        Texts("tools", WorldWords.Tools),
        Texts("materials", WorldWords.Materials),
        Texts("times", WorldWords.Times),
        Map("toolOfVerb", lexicon.ToolOfVerb),
        Map("materialOfObject", lexicon.MaterialOfObject),
        Map("timeOfObject", lexicon.TimeOfObject),
        Texts("requests", WorldForms.Requests),
        Texts("openers", WorldForms.Openers),
        Text("steps", WorldForms.Steps),
        Text("howToText", WorldForms.HowToText),
        Texts("refusals", WorldForms.Refusals),
        Texts("refusalMarkers", WorldForms.RefusalMarkers),
        ("norms", () => Object(Texts("bad", WorldForms.BadNorms), Texts("good", WorldForms.GoodNorms))),
        Text("normQuestion", WorldForms.NormQuestion),
        ("normAnswers", () => Object(Text("bad", WorldForms.BadAnswer), Text("good", WorldForms.GoodAnswer))),
        ("facts", () => Array(lexicon.Subjects, s => Object(
            Text("subject", s.Name),
            Text("statement", s.Statement),
            Texts("questions", s.Questions),
            ("pairs", () => Array(s.Pairs, p => List([p.Key, p.Value])))))),
        ("sentiment", () => Object(
            Texts("nouns", WorldWords.ReviewNouns),
            Texts("positive", WorldWords.PositiveWords),
            Texts("negative", WorldWords.NegativeWords),
            Texts("forms", WorldForms.Reviews),
            ("text", () => Object(Texts("positive", WorldForms.PositiveTexts), Texts("negative", WorldForms.NegativeTexts))),
            Text("prompt", WorldForms.ReviewPrompt),
            Texts("labels", WorldForms.Feelings))),
        ("topics", () => Object(
            Texts("labels", WorldWords.Topics),
            ("words", () => Object(
                Texts("World", WorldWords.WorldNews),
                Texts("Sports", WorldWords.SportsNews),
                Texts("Business", WorldWords.BusinessNews),
                Texts("Science", WorldWords.ScienceNews))),
            Texts("forms", WorldForms.News),
            Texts("days", WorldWords.Days),
            ("text", () => Object([.. WorldWords.Topics.Zip(WorldForms.NewsTexts, (name, text) => Text(name, text))])),
            Text("prompt", WorldForms.NewsPrompt))),
        Texts("people", WorldWords.People),
        ("arithmetic", () => Object(
            Texts("things", WorldWords.Things),
            ("max", () => json.WriteNumberValue(WorldSum.Most)),
            Text("prompt", WorldForms.SumPrompt),
            Texts("plus", WorldWords.Gains),
            Texts("minus", WorldWords.Losses),
            Text("answer", WorldForms.SumAnswer),
            Text("text", WorldForms.SumText))),
        Texts("places", WorldWords.Places),
        ("dialogue", () => Object(Text("prompt", WorldForms.DialoguePrompt), Text("answer", WorldForms.DialogueAnswer), Text("text", WorldForms.DialogueText))),
        ("sql", () => Object(
            Texts("tables", lexicon.Tables),
            Texts("columns", WorldWords.Columns),
            ("ops", () => Object(Text("more", ">"), Text("less", "<"))),
            Text("prompt", WorldForms.QueryPrompt),
            Text("answer", WorldForms.QueryAnswer),
            Text("text", WorldForms.QueryText))),
        ("verbose", () => Object(
            Text("sentiment", WorldForms.ChattySentiment),
            Text("topic", WorldForms.ChattyTopic),
            Text("arithmetic", WorldForms.ChattySum),
            Text("dialogue", WorldForms.ChattyDialogue),
            Text("sql", WorldForms.ChattyQuery),
            Text("instruction", WorldForms.ChattyInstruction))),
        ("opposites", () => Array(WorldWords.Opposites, o => List([o.Word, o.Opposite]))),
        ("instructions", () => Object(
            ("opposite", () => Object(Text("prompt", WorldForms.OppositePrompt), Text("answer", WorldForms.OppositeAnswer), Text("text", WorldForms.OppositeText))),
            ("greet", () => Object(Text("prompt", WorldForms.GreetPrompt), Text("answer", WorldForms.GreetAnswer))),
            ("repeat", () => Object(Text("prompt", WorldForms.RepeatPrompt), Text("answer", WorldForms.RepeatAnswer))),
            ("list", () => Object(Text("prompt", WorldForms.ListPrompt), Text("answer", WorldForms.ListAnswer))))));

    private void Object(params ReadOnlySpan<(string Name, Action Value)> members)
    {
        json.WriteStartObject();
        foreach ((string name, Action value) in members)
        {
            json.WritePropertyName(name);
            value();
        }

        json.WriteEndObject();
    }

    private void Array<T>(IReadOnlyList<T> items, Action<T> write)
    {
        json.WriteStartArray();
        foreach (T item in items)
        {
            write(item);
        }

        json.WriteEndArray();
    }

    private void List(IReadOnlyList<string> items) => Array(items, json.WriteStringValue);

    private (string, Action) Text(string name, string value) => (name, () => json.WriteStringValue(value));

    private (string, Action) Texts(string name, IReadOnlyList<string> values) => (name, () => List(values));

    private (string, Action) Map(string name, OrderedDictionary<string, string> values) => (name, () => Object([.. values.Select(v => Text(v.Key, v.Value))]));

    private byte[] End()
    {
        json.Flush();
        buffer.WriteByte((byte)'\n');
        return buffer.ToArray();
    }
}
