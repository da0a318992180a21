using SafeTuneBed.Tests.Core.Data;
using SafeTuneBed.Text;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary>What the files beside a tokenizer decide: roles, the beginning-of-text rule, the fingerprint; and which file wins.</summary>
public sealed class TokenizerSettingsTests : IDisposable
{
    private const string Minimal = """
        {"added_tokens": [{"id": 3, "content": "<end>", "special": true, "normalized": false}],
         "normalizer": null, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}, "decoder": {"type": "ByteLevel"},
         "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<end>"}}, {"Sequence": {"id": "A"}}], "special_tokens": {"<end>": {"ids": [3]}}},
         "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}}
        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Load_DeepNesting_IsAFormatError()
    {
        folder.Write("tokenizer.json", string.Concat(Enumerable.Repeat("{\"normalizer\":", 100_000)));
        Assert.Throws<ModelFormatException>(() => ModelTokenizer.Load(folder.Path));
    }

    [Fact]
    public void Load_BothFiles_TheJsonWins()
    {
        folder.Write("tokenizer.model", "no model at all");
        folder.Write("tokenizer.json", Minimal);
        Assert.Equal([2], ModelTokenizer.Load(folder.Path).Encode("ab"));
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("{\"bos_token\": \"<end>\"}", true)]
    [InlineData("{\"bos_token\": \"<end>\", \"add_bos_token\": false}", false)]
    [InlineData("{\"bos_token\": {\"__type\": \"AddedToken\", \"content\": \"<end>\"}, \"add_bos_token\": true}", true)]
    [InlineData("{\"bos_token\": null, \"eos_token\": \"a\"}", true)]
    public void AddsBos_BySettingsOrPostProcessor(string? settings, bool wanted)
    {
        folder.Write("tokenizer.json", Minimal);
        if (settings is not null)
        {
            folder.Write("tokenizer_config.json", settings);
        }

        ModelTokenizer tokenizer = ModelTokenizer.Load(folder.Path);
        Assert.Equal(wanted, tokenizer.AddsBos);
        Assert.Equal(3, tokenizer.BosId);
    }

    [Fact]
    public void Roles_FromBothFiles_TheConfigurationWins()
    {
        folder.Write("tokenizer.json", Minimal);
        folder.Write("tokenizer_config.json", """{"eos_token": "<end>", "pad_token": null, "added_tokens_decoder": {"4": {"content": "<pad>", "special": true}}}""");
        folder.Write("special_tokens_map.json", """{"eos_token": "a", "pad_token": {"content": "<pad>"}, "additional_special_tokens": ["ab"]}""");
        ModelTokenizer tokenizer = ModelTokenizer.Load(folder.Path);
        Assert.Equal((3, 4, 5), (tokenizer.EosId, tokenizer.PadId, tokenizer.VocabularySize));
        Assert.True(tokenizer.IsSpecial(2));
        Assert.Equal([2, 4], tokenizer.Encode("ab<pad>", parseSpecialTokens: true));
        Assert.Equal("ab<pad>", tokenizer.Decode([2, 4], skipSpecialTokens: false));
        Assert.Equal("", tokenizer.Decode([2, 4]));
    }

    [Fact]
    public void Fingerprint_ChangesWithWhatChangesIds()
    {
        var seen = new HashSet<string>();
        folder.Write("tokenizer.json", Minimal);
        Assert.True(seen.Add(ModelTokenizer.Load(folder.Path).Fingerprint));
        Assert.False(seen.Add(ModelTokenizer.Load(folder.Path).Fingerprint));
        foreach (string settings in new[] { """{"eos_token": "<end>"}""", """{"eos_token": "a"}""", """{"eos_token": "a", "add_bos_token": false}""" })
        {
            folder.Write("tokenizer_config.json", settings);
            Assert.True(seen.Add(ModelTokenizer.Load(folder.Path).Fingerprint));
        }

        folder.Write("tokenizer.json", Minimal.Replace("\"special\": true", "\"special\": false", StringComparison.Ordinal));
        Assert.True(seen.Add(ModelTokenizer.Load(folder.Path).Fingerprint));
    }
}
