using System.Text.Json.Nodes;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary>The comparison with recorded ids notices what it should.</summary>
public sealed class TokenizerFixtureTests
{
    [Theory]
    [InlineData("ids", "ids of")]
    [InlineData("decoded", "text of")]
    public void Fixture_WithAWrongResult_IsReported(string field, string reported)
    {
        string folder = GoldenText.Copy("sentencepiece_small");
        string file = Path.Combine(folder, "cases.json");
        JsonNode cases = JsonNode.Parse(File.ReadAllBytes(file))!;
        JsonNode item = cases["cases"]!.AsArray().First(c => c!["text"]!.GetValue<string>().Length > 20)!;
        item[field] = field == "ids" ? new JsonArray(1, 2, 3) : "wrong";
        File.WriteAllText(file, cases.ToJsonString());

        IReadOnlyList<string> faults = TokenizerFixture.Check(folder);
        IReadOnlyList<string> raw = TokenizerFixture.CheckSentencePiece(Path.Combine(folder, "tokenizer.model"));
        Directory.Delete(folder, recursive: true);

        Assert.Contains(faults, f => f.StartsWith(reported, StringComparison.Ordinal));
        Assert.Contains(raw, f => f.StartsWith(reported, StringComparison.Ordinal));
    }
}
