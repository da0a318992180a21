namespace SafeTuneBed;

/// <summary>Settings of <c>mt-bench</c> (Zheng et al., 2023): a judge rates two turns of 80 questions from 1 to 10.</summary>
public sealed class MtBenchOptions : JudgedOptions
{
    /// <summary>Creates the settings, with 1,024 new tokens an answer.</summary>
    public MtBenchOptions()
    {
        MaxNewTokens = 1_024;
        MaxAnswerCharacters = 16_000;
    }

    /// <summary>
    /// The protocol. <c>single</c> (default): each turn by itself, with reference answers, in words of ours. <c>fastchat</c>: the same in FastChat's words, read from
    /// <c>mt_bench/judge_prompts.jsonl</c> below a data root. <c>stb-ref</c>: the SafeTuneBed paper's, both turns in one request, answers greedy with at most 512 tokens.
    /// </summary>
    public string Preset { get; set; } = "single";

    /// <summary>Answers greedily in every category, for comparisons item by item. Default false: by category 0.7, 0.1 or 0, as MT-Bench does.</summary>
    public bool IsGreedy { get; set; }

    /// <summary>
    /// Reference answers for math, reasoning and coding. <c>original</c> (default): GPT-4's, of which 13 of 30 are wrong. <c>without-wrong</c>: the same without those 13.
    /// <c>none</c>: judged without. Or a file of JSON Lines (<c>question_id</c>, <c>turns</c>) whose answers take the place of the original ones.
    /// </summary>
    public string References { get; set; } = "original";

    /// <summary>Reads the first rating of a verdict, as FastChat does, in place of the last.</summary>
    public bool FirstRating { get; set; }
}
