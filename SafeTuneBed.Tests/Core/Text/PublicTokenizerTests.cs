namespace SafeTuneBed.Tests.Core.Text;

/// <summary>Real vocabularies of published models.</summary>
public sealed class PublicTokenizerTests
{
    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama2_sentencepiece")]
    public void Tokenizer_OfPublicModel_EqualsReference(string name) => PublicFixture.Check("tokenizers", name);
}
