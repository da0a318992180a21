namespace SafeTuneBed;

/// <summary>Settings of <c>llama-guard</c>: a guard model calls each answer safe or unsafe.</summary>
public sealed class LlamaGuardOptions : JudgedOptions
{
    /// <summary>
    /// The text that the guard gets, as a file with <c>{user}</c> and <c>{agent}</c> in it, for other versions than Llama Guard 3 with its 14 categories. Null (default): that one.
    /// </summary>
    public string? TemplateFile { get; set; }

    /// <summary>
    /// Sends request and answer as a conversation, for a server that puts the guard's own template around it. Default false: the whole text as one message.
    /// </summary>
    public bool SendsConversation { get; set; }
}
