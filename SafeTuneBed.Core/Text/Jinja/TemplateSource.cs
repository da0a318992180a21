namespace SafeTuneBed.Text.Jinja;

/// <summary>A template's text with newlines made equal, and where its positions lie.</summary>
internal sealed class TemplateSource
{
    // A hundred times the longest template in use.
    private const int MaxLength = 2_000_000;

    public TemplateSource(string text, string name)
    {
        Name = name;
        if (text.Length > MaxLength)
        {
            throw new ChatTemplateException(name, 0, 0, $"it has {text.Length} characters, more than the limit of {MaxLength}. Check that the file is a chat template.");
        }

        Text = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (Text.EndsWith('\n'))
        {
            // As in Jinja: the file's last line break does not belong to the template.
            Text = Text[..^1];
        }
    }

    public string Name { get; }

    public string Text { get; }

    /// <summary>A fault at a position.</summary>
    public ChatTemplateException Fault(int position, string message, Exception? inner = null)
    {
        (int line, int column) = Locate(position);
        return new ChatTemplateException(Name, line, column, message, inner);
    }

    /// <summary>1-based line and column of a position.</summary>
    public (int Line, int Column) Locate(int position)
    {
        ReadOnlySpan<char> before = Text.AsSpan(0, Math.Clamp(position, 0, Text.Length));
        return (before.Count('\n') + 1, before.Length - before.LastIndexOf('\n'));
    }
}
