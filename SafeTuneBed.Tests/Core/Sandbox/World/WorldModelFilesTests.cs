using System.IO.Compression;
using System.Text;
using SafeTuneBed.Models.Families;
using SafeTuneBed.Sandbox;
using SafeTuneBed.Sandbox.World;

namespace SafeTuneBed.Tests.Core.Sandbox.World;

public sealed class WorldModelFilesTests
{
    private static readonly Lazy<Dictionary<string, string>> Files = new(() =>
        WorldModelFiles.Write(ModelFamilies.Describe(SandboxFolder.Resolve(null).Base), WorldTokenizer.Build(new WorldFiles(0, WorldEdition.First).VocabularyTexts()))
            .ToDictionary(f => f.Name, f => f.Content));

    [Theory]
    [InlineData("chat_template.jinja")]
    [InlineData("config.json")]
    [InlineData("generation_config.json")]
    [InlineData("special_tokens_map.json")]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer_config.json")]
    public void FirstEdition_ModelFile_IsTheEmbeddedOneToTheByte(string name)
    {
        using ZipArchive archive = SandboxArchive.Open();
        using var reader = new StreamReader(archive.GetEntry("base/" + name)!.Open(), Encoding.UTF8);

        Assert.Equal(reader.ReadToEnd(), Files.Value[name]);
    }

    [Fact]
    public void SecondEdition_AnyWorld_HasTheSameTokenizer()
    {
        // Worlds deal the same words differently, so one vocabulary serves them all.
        WorldTokenizer first = WorldTokenizer.Build(new WorldFiles(0, WorldEdition.First).VocabularyTexts());
        WorldTokenizer other = WorldTokenizer.Build(new WorldFiles(3, WorldEdition.Second).VocabularyTexts());

        Assert.Equal(first.Vocabulary, other.Vocabulary);
        Assert.Equal(first.Merges, other.Merges);
    }
}
