using System.Text.Json;
using SafeTuneBed.Tests.Core.Data;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Text;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary><c>tokenizer.model</c> alone gives SentencePiece's own ids, and under the newer rule for blanks those of the newer layout.</summary>
public sealed class SentencePieceFileTests
{
    [Theory]
    [InlineData("llama2_sentencepiece")]
    [InlineData("sentencepiece_small")]
    public void Model_LegacyBlanks_EqualsSentencePiece(string name)
    {
        string fixture = SharedFolder.Require("golden", "tokenizers", name);
        using var folder = new TemporaryFolder();
        ModelTokenizer tokenizer = LoadModelOnly(folder, fixture, """{"legacy": true, "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}""");
        foreach (JsonElement item in Cases(fixture))
        {
            // Raw SentencePiece knows no control tokens in text: neither does content.
            string text = item.GetProperty("text").GetString()!;
            Assert.Equal(Ids(item, "sentencepiece_ids", "ids"), tokenizer.Encode(text));
            Assert.Equal(Ids(item, "ids"), tokenizer.Encode(text, parseSpecialTokens: true));
            Assert.Equal(item.GetProperty("decoded").GetString(), tokenizer.Decode(Ids(item, "ids"), skipSpecialTokens: false));
        }
    }

    [Fact]
    public void Model_NewerBlanks_EqualsTheNewerLayout()
    {
        string fixture = SharedFolder.Require("golden", "tokenizers", "sentencepiece_small_metaspace");
        using var folder = new TemporaryFolder();
        ModelTokenizer tokenizer = LoadModelOnly(folder, fixture, """{"legacy": false}""");
        foreach (JsonElement item in Cases(fixture))
        {
            Assert.Equal(Ids(item, "ids"), tokenizer.Encode(item.GetProperty("text").GetString()!, parseSpecialTokens: true));
        }
    }

    [Fact]
    public void Model_WithoutSettings_KnowsItsRoles()
    {
        using var folder = new TemporaryFolder();
        ModelTokenizer tokenizer = LoadModelOnly(folder, SharedFolder.Require("golden", "tokenizers", "sentencepiece_small"), null);
        Assert.Equal((1, 2, true, "<s>", "</s>"), (tokenizer.BosId, tokenizer.EosId, tokenizer.AddsBos, tokenizer.SpecialTokenText("bos_token"), tokenizer.SpecialTokenText("eos_token")));
        Assert.Null(tokenizer.PadId);
        Assert.Equal(900, tokenizer.VocabularySize);
    }

    [Fact]
    public void Stories260k_Prompts_EqualReferenceIds()
    {
        string folder = SharedFolder.Require("stories260k");
        ModelTokenizer tokenizer = ModelTokenizer.Load(folder);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json")));
        PromptTemplate raw = PromptTemplates.Resolve(null, folder, tokenizer, (_, _) => throw new InvalidOperationException("There is no chat template to parse."));
        Assert.Equal("raw", raw.Id);
        foreach (JsonElement item in document.RootElement.GetProperty("generations").EnumerateArray())
        {
            string prompt = item.GetProperty("prompt").GetString()!;
            Assert.Equal(Ids(item, "input_ids"), raw.EncodePrompt([new(Microsoft.Extensions.AI.ChatRole.User, prompt)]));
            int[] all = [.. Ids(item, "input_ids"), .. Ids(item, "new_tokens")];
            Assert.StartsWith(prompt, tokenizer.Decode(all), StringComparison.Ordinal);
        }
    }

    private static ModelTokenizer LoadModelOnly(TemporaryFolder folder, string fixture, string? settings)
    {
        folder.Write("tokenizer.model", File.ReadAllBytes(Path.Combine(fixture, "tokenizer.model")));
        if (settings is not null)
        {
            folder.Write("tokenizer_config.json", settings);
        }

        return ModelTokenizer.Load(folder.Path);
    }

    private static IEnumerable<JsonElement> Cases(string fixture) =>
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine(fixture, "cases.json"))).RootElement.GetProperty("cases").EnumerateArray();

    private static int[] Ids(JsonElement item, params string[] names) =>
        [.. item.GetProperty(names.First(n => item.TryGetProperty(n, out _))).EnumerateArray().Select(i => i.GetInt32())];
}
