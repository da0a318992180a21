namespace SafeTuneBed;

/// <summary>
/// Settings of <c>harmful-policy</c>: a judge grades each answer from 1 to 5 against the rule of the request's own category, with numbers for every category.
/// </summary>
public sealed class HarmfulPolicyOptions : JudgedOptions
{
    /// <summary>
    /// Rules by category, in place of the built-in ones or beside them. Built in are the eleven categories of HEx-PHI (<c>1</c> to <c>11</c>, the prompt set <c>policy</c>). A
    /// category without a rule is graded against the general rubric, under its own name.
    /// </summary>
    public IReadOnlyDictionary<string, string> Rules { get; set; } = new Dictionary<string, string>();
}
