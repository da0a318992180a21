using System.Text.Json;
using Microsoft.Extensions.AI;
using SafeTuneBed.Sandbox;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Text;
using SafeTuneBed.Text.Jinja;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary>The sandbox's text side: tokenizer, templates and rows, of the embedded sandbox or of the one beside the checkout.</summary>
internal static class SandboxText
{
    public static readonly string[] Tasks = ["arithmetic", "dialogue", "instruct", "sentiment", "sql", "topic"];

    /// <summary>A model's folder: <c>embedded</c> or <c>shared</c>, then <c>aligned</c> or <c>base</c>.</summary>
    public static string Folder(string where, string model = "aligned") => where == "shared"
        ? SharedFolder.Require("sandbox", model)
        : model == "base" ? SandboxFolder.Resolve(null).Base : SandboxFolder.Resolve(null).Aligned;

    public static ModelTokenizer Tokenizer(string where = "embedded") => ModelTokenizer.Load(Folder(where));

    public static PromptTemplate Template(string? id, string folder, ModelTokenizer tokenizer) =>
        PromptTemplates.Resolve(id, folder, tokenizer, (source, file) => new JinjaChatTemplate(source, file, new Dictionary<string, string>()));

    public static PromptTemplate Template(string? id = "chat") => Template(id, Folder("embedded"), Tokenizer());

    /// <summary>Reference results; skips the running test where they are not beside the checkout.</summary>
    public static JsonElement Expected() => JsonDocument.Parse(File.ReadAllBytes(SharedFolder.Require("sandbox", "expected.json"))).RootElement;

    /// <summary>The rows of a file of the embedded data, answers under whatever name they have there.</summary>
    public static IReadOnlyList<FinetuneExample> Rows(string file)
    {
        var rows = new List<FinetuneExample>();
        foreach (string line in File.ReadLines(Path.Combine(SandboxFolder.Resolve(null).Data, file)))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            rows.Add(new FinetuneExample
            {
                Instruction = Field(document.RootElement, "instruction", "prompt")!,
                Input = Field(document.RootElement, "input") ?? "",
                Output = Field(document.RootElement, "output", "response", "refusal")!,
            });
        }

        return rows;
    }

    public static IReadOnlyList<ChatMessage> Messages(JsonElement messages) =>
        [.. messages.EnumerateArray().Select(m => new ChatMessage(new ChatRole(m.GetProperty("role").GetString()!), m.GetProperty("content").GetString()))];

    public static string Text(IEnumerable<TextSegment> segments) => string.Concat(segments.Select(s => s.Text));

    private static string? Field(JsonElement row, params string[] names) =>
        names.Select(n => row.TryGetProperty(n, out JsonElement value) ? value.GetString() : null).FirstOrDefault(v => v is not null);
}
