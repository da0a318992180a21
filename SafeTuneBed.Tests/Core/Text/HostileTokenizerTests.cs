using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using SafeTuneBed.Text;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary>Damaged or unknown tokenizer files: one kind of exception, which names the file and what is wrong.</summary>
public sealed class HostileTokenizerTests : IDisposable
{
    private static readonly byte[] Damage = [.. "\"{]0-\\ a"u8, 0xFF];

    private readonly List<string> folders = [];

    public void Dispose() => folders.ForEach(f => Directory.Delete(f, recursive: true));

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("42")]
    [InlineData("{}")]
    [InlineData("{\"model\":null}")]
    [InlineData("{\"model\":[]}")]
    [InlineData("{\"model\":{}}")]
    [InlineData("{\"model\":{\"type\":\"BPE\"}}")]
    [InlineData("{\"model\":{\"type\":\"BPE\",\"vocab\":{},\"merges\":[]}}")]
    [InlineData("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0}}}")]
    [InlineData("{\"model\":{\"type\":\"BPE\",\"vocab\":[],\"merges\":[]}}")]
    [InlineData("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"\\ud800\":0},\"merges\":[]}}")]
    [InlineData("\u00ff\u00fe")]
    public void Json_Damaged_IsRefusedByName(string text) => Refuse("tokenizer.json", "bytelevel_llama3_style", file => File.WriteAllText(file, text, Encoding.Latin1));

    [Fact]
    public void Json_CutOffAnywhere_IsRefusedByName()
    {
        string folder = Copy("bytelevel_llama3_style");
        string file = Path.Combine(folder, "tokenizer.json");
        byte[] whole = File.ReadAllBytes(file);
        foreach (double part in (double[])[0, 0.001, 0.1, 0.35, 0.5, 0.8, 0.99])
        {
            File.WriteAllBytes(file, whole[..(int)(whole.Length * part)]);
            Assert.Contains(file, Assert.Throws<ModelFormatException>(() => ModelTokenizer.Load(folder)).Message);
        }
    }

    public static TheoryData<string, string, string> Changes => new()
    {
        // where, what is put there, what the message names
        { "model.type", "\"Unigram\"", "'Unigram'" },
        { "model.type", "\"WordPiece\"", "BPE" },
        { "model.type", "7", "model.type" },
        { "model.vocab", "null", "vocab" },
        { "model.vocab.a", "\"x\"", "model.vocab.a" },
        { "model.vocab.a", "-1", "model.vocab.a" },
        { "model.vocab.a", "1.5", "model.vocab.a" },
        { "model.vocab.a", "2147483647", "16777215" },
        { "model.vocab.a", "99999999999999999999", "model.vocab.a" },
        { "model.vocab.a", "3", "3" },
        { "model.merges", "{}", "merges" },
        { "model.merges", "[\"a\"]", "merges[0]" },
        { "model.merges", "[\"a b c\"]", "merges[0]" },
        { "model.merges", "[[\"a\"]]", "merges[0]" },
        { "model.merges", "[[\"a\",5]]", "merges[0]" },
        { "model.merges", "[\"\\u0120\\u0120\\u0120q zzz\"]", "zzz" },
        { "model.merges", "[\"a \\u20ac\"]", "vocabulary lacks" },
        { "model.unk_token", "5", "unk_token" },
        { "model.dropout", "0.1", "dropout" },
        { "model.ignore_merges", "\"yes\"", "ignore_merges" },
        { "model.byte_fallback", "1", "byte_fallback" },
        { "model.continuing_subword_prefix", "{}", "continuing_subword_prefix" },
        { "normalizer", "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"\"}", "'Precompiled'" },
        { "normalizer", "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"BertNormalizer\"}]}", "'BertNormalizer'" },
        { "normalizer", "{\"type\":\"Sequence\",\"normalizers\":[5]}", "normalizers[0]" },
        { "normalizer", "{\"type\":\"Replace\",\"content\":\"\"}", "pattern" },
        { "normalizer", "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"(\"},\"content\":\"\"}", "'('" },
        { "normalizer", "{\"type\":\"Prepend\",\"prepend\":3}", "prepend" },
        { "normalizer", "5", "normalizer" },
        { "normalizer", "{}", "type" },
        { "pre_tokenizer", "{\"type\":\"UnicodeScripts\"}", "'UnicodeScripts'" },
        { "pre_tokenizer", "{\"type\":\"Sequence\",\"pretokenizers\":{}}", "pretokenizers" },
        { "pre_tokenizer", "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"[z-a]\"},\"behavior\":\"Isolated\"}", "[z-a]" },
        { "pre_tokenizer", "{\"type\":\"Split\",\"pattern\":{\"String\":\"a\"},\"behavior\":\"Sideways\"}", "'Sideways'" },
        { "pre_tokenizer", "{\"type\":\"Metaspace\",\"replacement\":\"ab\"}", "replacement" },
        { "pre_tokenizer", "{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"often\"}", "'often'" },
        { "decoder", "{\"type\":\"CTC\"}", "'CTC'" },
        { "decoder", "{\"type\":\"Strip\",\"content\":\"\",\"start\":1,\"stop\":0}", "content" },
        { "decoder", "{\"type\":\"Strip\",\"content\":\" \",\"start\":-1,\"stop\":0}", "start" },
        { "post_processor", "{\"type\":\"RobertaProcessing\"}", "'RobertaProcessing'" },
        { "post_processor", "{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"<s>\"}}],\"special_tokens\":{}}", "special_tokens" },
        { "post_processor", "{\"type\":\"TemplateProcessing\",\"single\":[],\"special_tokens\":{}}", "single" },
        { "added_tokens", "{}", "added_tokens" },
        { "added_tokens", "[5]", "added_tokens[0]" },
        { "added_tokens", "[{\"id\":1}]", "content" },
        { "added_tokens", "[{\"id\":956,\"content\":\"\"}]", "content" },
        { "added_tokens", "[{\"id\":-3,\"content\":\"x\"}]", "id" },
        { "added_tokens", "[{\"id\":2000000000,\"content\":\"x\"}]", "id" },
        { "added_tokens", "[{\"id\":956,\"content\":\"<x>\"},{\"id\":956,\"content\":\"<y>\"}]", "<y>" },
        { "added_tokens", "[{\"id\":956,\"content\":\"<x>\",\"special\":\"no\"}]", "special" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void Json_WithAWrongField_IsRefusedAndTheFieldIsNamed(string place, string value, string named)
    {
        string message = Refuse("tokenizer.json", "bytelevel_llama3_style", file =>
        {
            JsonNode root = JsonNode.Parse(File.ReadAllBytes(file))!;
            string[] path = place.Split('.');
            JsonNode parent = path[..^1].Aggregate(root, (node, name) => node[name]!);
            parent[path[^1]] = JsonNode.Parse(value);
            File.WriteAllText(file, root.ToJsonString());
        });

        Assert.Contains(named, message);
    }

    [Theory]
    [InlineData("tokenizer_config.json", "{")]
    [InlineData("tokenizer_config.json", "[]")]
    [InlineData("tokenizer_config.json", "{\"bos_token\":5}")]
    [InlineData("tokenizer_config.json", "{\"bos_token\":{\"text\":\"x\"}}")]
    [InlineData("tokenizer_config.json", "{\"add_bos_token\":\"yes\"}")]
    [InlineData("tokenizer_config.json", "{\"added_tokens_decoder\":{\"x\":{\"content\":\"y\"}}}")]
    [InlineData("tokenizer_config.json", "{\"added_tokens_decoder\":{\"1\":null}}")]
    [InlineData("tokenizer_config.json", "{\"added_tokens_decoder\":[]}")]
    [InlineData("tokenizer_config.json", "{\"added_tokens_decoder\":{\"99999999999\":{\"content\":\"y\"}}}")]
    [InlineData("special_tokens_map.json", "{\"eos_token\":[]}")]
    [InlineData("special_tokens_map.json", "{\"additional_special_tokens\":[7]}")]
    [InlineData("added_tokens.json", "{\"<x>\":\"5\"}")]
    [InlineData("added_tokens.json", "{\"<x>\":-5}")]
    [InlineData("added_tokens.json", "nonsense")]
    [InlineData("added_tokens.json", "{\"\\udc00\":5}")]
    public void Settings_Damaged_AreRefusedByName(string name, string text)
    {
        foreach (string fixture in (string[])["bytelevel_llama3_style", "sentencepiece_small"])
        {
            Refuse(name, fixture, file => File.WriteAllText(file, text));
        }
    }

    [Fact]
    public void Settings_RoleThatNoTokenHas_IsRefusedByName() =>
        Assert.Contains("'<nowhere>'", Refuse("tokenizer_config.json", "bytelevel_llama3_style", file => File.WriteAllText(file, "{\"eos_token\":\"<nowhere>\"}"), namesFolder: true));

    [Fact]
    public void Settings_AddedTokenOnATakenId_IsRefused() =>
        Assert.Contains("'<x>'", Refuse("added_tokens.json", "bytelevel_llama3_style", file => File.WriteAllText(file, "{\"<x>\":5}"), namesFolder: true));

    [Fact]
    public void Json_VocabularyWithHoles_IsReadAndTheHolesStandForNothing()
    {
        string folder = Copy("bytelevel_llama3_style");
        string file = Path.Combine(folder, "tokenizer.json");
        JsonNode root = JsonNode.Parse(File.ReadAllBytes(file))!;
        root["model"]!["vocab"]!["\u0120holes"] = 5_000;
        File.WriteAllText(file, root.ToJsonString());

        ModelTokenizer tokenizer = ModelTokenizer.Load(folder);

        Assert.Equal(5_001, tokenizer.VocabularySize);
        Assert.Equal("", tokenizer.Decode([4_000, 4_999]));
        Assert.Equal(" holes", tokenizer.Decode([5_000]));
        Assert.Equal(GoldenText.Tokenizer("bytelevel_llama3_style").Encode("some text"), tokenizer.Encode("some text"));
        Assert.Equal("", tokenizer.Decode([-1, int.MinValue, int.MaxValue]));
    }

    [Fact]
    public void Json_WithoutByteTokens_DropsWhatItCannotSayAndStands()
    {
        string folder = Copy("bytelevel_llama3_style");
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), """{"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]},"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},"decoder":{"type":"ByteLevel"}}""");
        File.Delete(Path.Combine(folder, "tokenizer_config.json"));

        ModelTokenizer tokenizer = ModelTokenizer.Load(folder);

        Assert.Equal([2, 0], tokenizer.Encode("ab\u00e9a"));
        Assert.Equal((null, null, false), (tokenizer.BosId, tokenizer.EosId, tokenizer.AddsBos));
    }

    [Fact]
    public void SentencePiece_CutOffOrDamaged_IsRefusedOrReadButNeverFailsOtherwise()
    {
        string folder = Copy("sentencepiece_small");
        File.Delete(Path.Combine(folder, "tokenizer.json"));
        string file = Path.Combine(folder, "tokenizer.model");
        byte[] whole = File.ReadAllBytes(file);
        int refused = 0;

        Check.Sample(Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Int[0, whole.Length - 1].Array[0, 4], Gen.Byte), (cut, flips, with) =>
        {
            byte[] bytes = flips.Length == 0 ? whole[..cut] : [.. whole];
            refused += IsRefused(folder, file, bytes, flips, with) ? 1 : 0;
        }, iter: 300, threads: 1);
        Assert.True(refused > 50, $"{refused}");
    }

    [Fact]
    public void Json_WithDamagedBytes_IsRefusedOrReadButNeverFailsOtherwise()
    {
        string folder = Copy("sentencepiece_small");
        string file = Path.Combine(folder, "tokenizer.json");
        byte[] whole = File.ReadAllBytes(file);
        int refused = 0;

        Check.Sample(Gen.Select(Gen.Int[0, whole.Length - 1].Array[1, 4], Gen.Int[0, Damage.Length - 1].Select(i => Damage[i])), (flips, with) =>
        {
            byte[] bytes = [.. whole];
            refused += IsRefused(folder, file, bytes, flips, with) ? 1 : 0;
        }, iter: 300, threads: 1);
        Assert.True(refused > 50, $"{refused}");
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a model")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")]
    public void SentencePiece_AnotherFile_IsRefusedByName(string text)
    {
        string folder = Copy("sentencepiece_small");
        File.Delete(Path.Combine(folder, "tokenizer.json"));
        string file = Path.Combine(folder, "tokenizer.model");
        File.WriteAllText(file, text);

        Assert.Contains(file, Assert.Throws<ModelFormatException>(() => ModelTokenizer.Load(folder)).Message);
    }

    [Fact]
    public void Folder_MissingOrEmpty_IsRefusedByName()
    {
        string empty = Directory.CreateTempSubdirectory("tokenizer-").FullName;
        folders.Add(empty);

        Assert.Contains(empty, Assert.Throws<ModelFormatException>(() => ModelTokenizer.Load(empty)).Message);
        Assert.Contains("nowhere", Assert.Throws<ModelFormatException>(() => ModelTokenizer.Load(Path.Combine(empty, "nowhere"))).Message);
        Directory.CreateDirectory(Path.Combine(empty, "tokenizer.json"));
        Assert.Throws<ModelFormatException>(() => ModelTokenizer.Load(empty));
    }

    private string Copy(string name)
    {
        string folder = GoldenText.Copy(name);
        folders.Add(folder);
        return folder;
    }

    private string Refuse(string name, string fixture, Action<string> change, bool namesFolder = false)
    {
        string folder = Copy(fixture);
        string file = Path.Combine(folder, name);
        change(file);
        string message = Assert.Throws<ModelFormatException>(() => ModelTokenizer.Load(folder)).Message;
        Assert.Contains(namesFolder ? folder : file, message);
        return message;
    }

    // Writes the damaged bytes and uses what loads; any other fault than the typed one fails the test.
    private static bool IsRefused(string folder, string file, byte[] bytes, int[] flips, byte with)
    {
        foreach (int flip in flips)
        {
            bytes[flip] = with;
        }

        File.WriteAllBytes(file, bytes);
        try
        {
            ModelTokenizer.Load(folder).Encode("some text \u4e2d <s>");
            return false;
        }
        catch (ModelFormatException e)
        {
            Assert.Contains(folder, e.Message);
            return true;
        }
    }
}
