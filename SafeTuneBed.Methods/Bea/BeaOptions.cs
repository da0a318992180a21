using System.ComponentModel.DataAnnotations;

namespace SafeTuneBed.Methods.Bea;

/// <summary>Settings of BEA.</summary>
public sealed class BeaOptions : MethodOptions
{
    /// <summary>Rows of the stream <c>align</c> that get the secret, 1 or more. Default 11, the authors'.</summary>
    [Range(1, 100_000)]
    public int SafetyExamples { get; set; } = 11;

    /// <summary>
    /// Tokens of the secret, 1 or more: random words of the model's vocabulary, the same for the same seed. Default
    /// 150, the authors'.
    /// </summary>
    [Range(1, 4096)]
    public int SecretTokens { get; set; } = 150;

    /// <summary>
    /// The ordinary system text of all rows and requests; behind the secret where there is one. Null puts none.
    /// </summary>
    public string? System { get; set; } = "You are a helpful assistant.";
}
