namespace SafeTuneBed.Text;

internal interface IChatTemplateRenderer
{
    string Fingerprint { get; }

    IReadOnlyList<TextSegment> Render(IReadOnlyList<Microsoft.Extensions.AI.ChatMessage> messages, bool addGenerationPrompt, IReadOnlyDictionary<string, object?>? variables = null);
}
