using System.Text.Json.Nodes;
using CsCheck;
using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.Core.Running;

public sealed class CanonicalJsonTests
{
    [Fact]
    public void Hash_KeysInAnyOrder_IsTheSame() => Gen.Dictionary(Gen.String[1, 5], Gen.Int)[1, 8].Sample(members =>
    {
        var forward = new JsonObject(members.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => KeyValuePair.Create(m.Key, (JsonNode?)m.Value)));
        var backward = new JsonObject(members.OrderByDescending(m => m.Key, StringComparer.Ordinal).Select(m => KeyValuePair.Create(m.Key, (JsonNode?)m.Value)));
        Assert.Equal(CanonicalJson.Hash(forward), CanonicalJson.Hash(backward));
    });

    [Fact]
    public void Hash_KnownObject_IsTheSha256OfItsCanonicalText()
    {
        var node = new JsonObject { ["b"] = new JsonArray(1, "x", null), ["a"] = 0.5 };
        Assert.Equal("""{"a":0.5,"b":[1,"x",null]}""", CanonicalJson.Write(node));
        Assert.Equal(
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("""{"a":0.5,"b":[1,"x",null]}"""u8)),
            CanonicalJson.Hash(node));
    }

    [Fact]
    public void ToNode_Decimals_AreNumbersNotSpellings()
    {
        Assert.Equal("0.3", CanonicalJson.Write(CanonicalJson.ToNode(0.300m, "")));
        Assert.Equal("0", CanonicalJson.Write(CanonicalJson.ToNode(-0.00m, "")));
        Assert.Equal("1250000", CanonicalJson.Write(CanonicalJson.ToNode(1_250_000.0m, "")));
    }

    [Fact]
    public void ToNode_SettingThatCannotBeWritten_NamesTheOwner()
    {
        var fault = Assert.Throws<ConfigurationException>(() => CanonicalJson.ToNode(new { Code = (Func<int>)(() => 1) }, "method 'x'"));
        Assert.Contains("method 'x'", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Llama-2-7b-chat-hf", "llama-2-7b-chat-hf")]
    [InlineData("word-rate@advbench", "word-rate-advbench")]
    [InlineData("lora+safe-lora", "lora+safe-lora")]
    [InlineData("../../etc", "etc")]
    [InlineData("CON", "_con")]
    [InlineData("nul.txt", "_nul.txt")]
    public void SafeName_OddNames_StayInsideTheirFolder(string name, string safe) => Assert.Equal(safe, SafeName.Of(name));

    [Fact]
    public void SafeName_AnyName_IsAPlainPartOfAPath() => Gen.String.Where(s => s.Length > 0).Sample(name =>
    {
        string safe = SafeName.Of(name);
        Assert.Matches("^[a-z0-9._+-]{1,92}$", safe);
        Assert.False(safe.StartsWith('.') || safe.EndsWith('.'));
    });

    [Fact]
    public void SafeName_LongNamesThatDifferAtTheEnd_StayApart() =>
        Assert.NotEqual(SafeName.Of(new string('a', 100) + "1"), SafeName.Of(new string('a', 100) + "2"));
}
