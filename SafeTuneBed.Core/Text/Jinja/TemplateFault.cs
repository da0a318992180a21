namespace SafeTuneBed.Text.Jinja;

/// <summary>A fault on its way to the place that knows line and column; it leaves the folder only as a <see cref="ChatTemplateException"/>.</summary>
internal class TemplateFault(string message) : Exception(message);

/// <summary>What <c>raise_exception</c> throws.</summary>
internal sealed class RaisedFault(StringValue text) : TemplateFault("raised by the template")
{
    /// <summary>The template's words.</summary>
    public StringValue Text { get; } = text;
}
