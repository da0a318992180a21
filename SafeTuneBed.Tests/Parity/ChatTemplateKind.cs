using SafeTuneBed.Tests.Core.Text.Jinja;

namespace SafeTuneBed.Tests.Parity;

/// <summary>A chat template with conversations, the texts that Jinja2 made of them, and the ids of those texts where their tokenizer lies at hand.</summary>
internal sealed class ChatTemplateKind : IGoldenKind
{
    private const string TokenizedPrefix = "tokenized.";

    public string Name => "chat template";

    public bool Matches(GoldenFixture fixture) => fixture.HasCases && TokenizerKind.FirstCase(fixture) is { } first && first.TryGetProperty("messages", out _)
        && new[] { "chat_template.jinja", "tokenizer_config.json", "chat_template.json" }.Any(f => File.Exists(Path.Combine(fixture.Folder, f)));

    public string? Unsupported(GoldenFixture fixture) => null;

    public IReadOnlyDictionary<string, Action<GoldenFixture, Measured>> Checks(GoldenFixture fixture)
    {
        var checks = new Dictionary<string, Action<GoldenFixture, Measured>>
        {
            ["rendered texts"] = (f, m) => m.AllEqual("rendered texts", ChatTemplateFixture.Check(f.Folder)),
        };
        foreach (string file in Directory.EnumerateFiles(fixture.Folder, TokenizedPrefix + "*.json").Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileNameWithoutExtension(file)[TokenizedPrefix.Length..];
            string tokenizer = Path.GetFullPath(Path.Combine(fixture.Folder, "..", "..", "tokenizers", name));
            if (Directory.Exists(tokenizer))
            {
                checks[$"ids by {name}"] = (f, m) => m.AllEqual("ids of rendered texts", TokenizedTexts.Check(f.Folder, file, tokenizer));
            }
        }

        return checks;
    }
}
