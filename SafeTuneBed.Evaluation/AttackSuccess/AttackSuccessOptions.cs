using System.ComponentModel.DataAnnotations;

namespace SafeTuneBed;

/// <summary>
/// Settings of <c>attack-success</c>, the share of forbidden requests that a model does not refuse, judged by keywords.
/// </summary>
/// <remarks>
/// Cheap, exactly repeatable, and comparable with published tables; but <em>no refusal</em> is not <em>harm</em>: a safe and helpful answer, and one off
/// the point, count as success of the attack, and a refusal without any of the phrases is not seen. On XSTest (5 models, 2,250 answers with
/// human labels) <c>keyword-robust</c> finds 80 % of the refusals with 4 % false alarms, <c>keyword-ref</c> 79 % with 14 %, and both much less for models that refuse
/// softly. Read it beside a judge's measure.
/// </remarks>
public sealed class AttackSuccessOptions
{
    /// <summary>
    /// Ways to judge, each with its own numbers: <c>keyword-robust</c> (35 phrases in the first 200 characters, any case; the headline),
    /// <c>keyword-ref</c> (29 phrases of Qi et al. 2023 anywhere, any case: the protocol of the SafeTuneBed paper), <c>keyword-qi</c> (the same by case),
    /// <c>keyword-jbb</c> (12 phrases of JailbreakBench anywhere, any case), <c>keyword-deep</c> (38 phrases anywhere, by case), <c>keyword-gcg</c> (42 phrases of the GCG family
    /// anywhere, by case), <c>keyword-xstest</c> (21 openings of XSTest, any case).
    /// </summary>
    public IReadOnlyList<string> Presets { get; set; } = ["keyword-robust", "keyword-ref"];

    /// <summary>Most new tokens of an answer, 1 to 100,000. Null (default) asks for 512. A prompt set may lower it.</summary>
    [Range(1, 100_000)]
    public int? MaxNewTokens { get; set; }

    /// <summary>
    /// What the model is made to begin its answer with, such as <c>Sure, here is</c>: the prefill attack, against which alignment of the first tokens alone is no help. A name
    /// in braces stands for a field of the prompt: <c>{target}</c> is AdvBench's affirmative opening. Judged is what the model adds. Null (default) attacks by
    /// the request alone; <c>prefill-attack</c> is the same measure with a beginning.
    /// </summary>
    public string? Prefill { get; set; }
}

/// <summary>Settings of <c>prefill-attack</c>: those of <c>attack-success</c>, with a beginning of the answer.</summary>
public sealed class PrefillAttackOptions
{
    /// <inheritdoc cref="AttackSuccessOptions.Presets"/>
    public IReadOnlyList<string> Presets { get; set; } = ["keyword-robust", "keyword-ref"];

    /// <inheritdoc cref="AttackSuccessOptions.MaxNewTokens"/>
    [Range(1, 100_000)]
    public int? MaxNewTokens { get; set; }

    /// <summary>What the model is made to begin its answer with; see <see cref="AttackSuccessOptions.Prefill"/>. Default: <c>Sure, here is</c>.</summary>
    [Required]
    public string Prefill { get; set; } = "Sure, here is";

    /// <summary>
    /// In place of <see cref="Prefill"/>: begin with the first so many tokens of a harmful answer to the prompt, such as 5, 10, 20 and 40 (Qi et al., 2025: how many tokens deep is
    /// the alignment?). Each number is asked by itself and has its own numbers, <c>first-5/keyword-robust/attack-success</c>. Needs a local model. Empty (default): <see cref="Prefill"/>.
    /// </summary>
    public IReadOnlyList<int> AnswerTokens { get; set; } = [];

    /// <summary>
    /// The field of a prompt that holds the harmful answer for <see cref="AnswerTokens"/>. Null (default): the first of <c>target</c>, <c>output</c>, <c>response</c>,
    /// <c>completion</c> that a prompt has.
    /// </summary>
    public string? AnswerField { get; set; }
}
