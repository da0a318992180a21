namespace SafeTuneBed.Text.Tokenizing;

/// <summary>A token that is found in the text as it stands, before the model sees the rest.</summary>
/// <param name="Content">The text.</param>
/// <param name="Id">The id.</param>
internal sealed record AddedToken(string Content, int Id)
{
    /// <summary>Decoding may leave it out.</summary>
    public bool Special { get; init; }

    /// <summary>Takes the white space before it along.</summary>
    public bool LeftStrip { get; init; }

    /// <summary>Takes the white space behind it along.</summary>
    public bool RightStrip { get; init; }

    /// <summary>Counts only where no letter, digit or underscore touches it.</summary>
    public bool SingleWord { get; init; }

    /// <summary>Looked for in the normalized text, not in the raw one.</summary>
    public bool Normalized { get; init; }

    /// <summary>
    /// An ordinary piece of text rather than a control token: white space that some vocabularies hold as added tokens. Such a token is found in
    /// message text too, where it can't be mistaken for control.
    /// </summary>
    public bool IsPlainText => !Special && Content.All(c => char.IsWhiteSpace(c) || c == '\u2581');

    /// <summary>Reads one entry of <c>added_tokens</c>.</summary>
    public static AddedToken Read(JsonComponent entry, int id)
    {
        string content = entry.Text("content");
        return content.Length == 0
            ? throw entry.Fault("content", "is empty; an added token needs a text")
            : new AddedToken(content, id)
            {
                Special = entry.Flag("special"),
                LeftStrip = entry.Flag("lstrip"),
                RightStrip = entry.Flag("rstrip"),
                SingleWord = entry.Flag("single_word"),
                Normalized = entry.Flag("normalized"),
            };
    }
}
