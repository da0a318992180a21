namespace SafeTuneBed;

/// <summary>
/// A chat template can't be read, or can't render a conversation: a fault of its syntax, an operation that Jinja refuses, a limit, or the template's
/// own refusal (<c>raise_exception</c>). The message names the place and the remedy and never holds text of a chat message.
/// </summary>
public sealed class ChatTemplateException : SafeTuneBedException
{
    /// <summary>Creates the exception. <paramref name="line"/> and <paramref name="column"/> are 1-based; 0 where the fault has no place.</summary>
    public ChatTemplateException(string template, int line, int column, string message, Exception? innerException = null)
        : this(template, line, column, message, null, innerException)
    {
    }

    private ChatTemplateException(string template, int line, int column, string message, string? raised, Exception? innerException)
        : base($"Chat template '{template}'{(line > 0 ? $", line {line}, column {column}" : "")}: {message}", innerException)
    {
        Template = template;
        Line = line;
        Column = column;
        RaisedText = raised;
    }

    /// <summary>The template's name: its file or the model it belongs to.</summary>
    public string Template { get; }

    /// <summary>1-based line in the template, or 0.</summary>
    public int Line { get; }

    /// <summary>1-based column in that line, or 0.</summary>
    public int Column { get; }

    /// <summary>Whether the template itself refused the conversation, by <c>raise_exception</c>.</summary>
    public bool IsRaisedByTemplate => RaisedText is not null;

    /// <summary>What the template gave to <c>raise_exception</c>, whole, or null. A template may have put text of messages into it: don't log it.</summary>
    public string? RaisedText { get; }

    /// <summary>The template refuses the conversation. <paramref name="shown"/> is <paramref name="raised"/> without text of messages.</summary>
    internal static ChatTemplateException Refused(string template, int line, int column, string raised, string shown) =>
        new(template, line, column, $"the template refuses this conversation: {shown} Change the messages, or use a template that accepts them.", raised, null);
}
