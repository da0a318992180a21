namespace SafeTuneBed.Data;

/// <summary>Makes tokens of examples under one template and length.</summary>
internal interface IExampleEncoder
{
    /// <summary>Distinguishes encoders that give different tokens for one example.</summary>
    string Fingerprint { get; }

    /// <summary>The tokens of an example.</summary>
    /// <exception cref="SafeTuneBedException">It is too long and the policy is to stop, or nothing of it would be supervised.</exception>
    EncodedExample Encode(FinetuneExample example);
}

/// <summary>What came out of encoding one example.</summary>
/// <param name="Tokens">The tokens; null when the example is longer than allowed and the policy is to leave such rows out.</param>
/// <param name="IsOverLength">Whether the whole example is longer than allowed.</param>
internal readonly record struct EncodedExample(TokenizedExample? Tokens, bool IsOverLength);
