using System.Text.Json;
using SafeTuneBed.Tests.Core.Text;

namespace SafeTuneBed.Tests.Parity;

/// <summary>A tokenizer's files with texts, their ids and what the ids decode to.</summary>
internal sealed class TokenizerKind : IGoldenKind
{
    private const string Json = "tokenizer.json", SentencePiece = "tokenizer.model";

    public string Name => "tokenizer";

    public bool Matches(GoldenFixture fixture) => fixture.HasCases && FirstCase(fixture) is { } first && first.TryGetProperty("text", out _)
        && (Exists(fixture, Json) || Exists(fixture, SentencePiece));

    public string? Unsupported(GoldenFixture fixture) => null;

    public IReadOnlyDictionary<string, Action<GoldenFixture, Measured>> Checks(GoldenFixture fixture)
    {
        var checks = new Dictionary<string, Action<GoldenFixture, Measured>>();
        if (Exists(fixture, Json))
        {
            checks["ids and texts"] = (f, m) => m.AllEqual("ids and texts", TokenizerFixture.Check(f.Folder));
        }

        if (Exists(fixture, SentencePiece))
        {
            checks[SentencePiece] = (f, m) => m.AllEqual("ids and texts of raw SentencePiece", TokenizerFixture.CheckSentencePiece(Path.Combine(f.Folder, SentencePiece)));
        }

        return checks;
    }

    /// <summary>The first of a fixture's cases, which tells kinds apart.</summary>
    internal static JsonElement? FirstCase(GoldenFixture fixture) =>
        fixture.Has("cases") && fixture.Expected.GetProperty("cases") is { ValueKind: JsonValueKind.Array } cases && cases.GetArrayLength() > 0
        && cases[0].ValueKind == JsonValueKind.Object ? cases[0] : null;

    private static bool Exists(GoldenFixture fixture, string file) => File.Exists(Path.Combine(fixture.Folder, file));
}
