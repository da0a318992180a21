namespace SafeTuneBed.Text.Tokenizing;

/// <summary>The parts of a tokenizer, whichever file they were read from.</summary>
internal sealed record TokenizerPipeline
{
    public required BpeModel Model { get; init; }

    public required IReadOnlyList<AddedToken> AddedTokens { get; init; }

    public Normalizer? Normalizer { get; init; }

    public PreTokenizer? PreTokenizer { get; init; }

    /// <summary>Null joins token texts by blanks, as the Hugging Face library does without a decoder.</summary>
    public TokenDecoder? Decoder { get; init; }

    public SurroundingTokens Surrounding { get; init; } = SurroundingTokens.None;
}
