namespace SafeTuneBed.Text.Tokenizing;

/// <summary>What stands before a stretch of text; decides whether a tokenizer's own rule for the start of a text puts a blank before it.</summary>
internal enum TextStart
{
    /// <summary>Nothing: the text begins here.</summary>
    Beginning,

    /// <summary>An added token.</summary>
    AfterToken,

    /// <summary>Ordinary text that goes on here: no rule for a start applies.</summary>
    Joined,
}
