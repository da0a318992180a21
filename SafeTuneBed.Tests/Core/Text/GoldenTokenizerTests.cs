using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary>Ids and texts equal those of the official Rust tokenizers, for every fixture folder there is.</summary>
public class GoldenTokenizerTests
{
    public static TheoryData<string> Fixtures => new(GoldenFolders.With("cases.json", "tokenizer.json"));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Fixtures))]
    public void Tokenizer_OfFixtureFolder_EqualsReference(string folder) => TokenizerFixture.Check(Path.Combine(GoldenFolders.Root, folder));

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama2_sentencepiece")]
    public void Tokenizer_OfPublicModel_EqualsReference(string name) => TokenizerFixture.Check(SharedFolder.Require("golden", "tokenizers", name));
}
