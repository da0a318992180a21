using Microsoft.Extensions.AI;

namespace SafeTuneBed.Text;

/// <summary>No template: messages as they are. A request with an input is the instruction and, on a new line, the input.</summary>
internal sealed class RawPromptTemplate(ModelTokenizer tokenizer) : PlainPromptTemplate(tokenizer)
{
    public override string Id => "raw";

    public override string Fingerprint { get; } = Hash("raw", "{instruction}", "{instruction}\n{input}", "{system}\n", "\n");

    protected override void AddSystem(List<TextSegment> segments, string text)
    {
        segments.Add(new TextSegment(text, IsTemplate: false));
        segments.Add(new TextSegment("\n", IsTemplate: true));
    }

    protected override void AddUser(List<TextSegment> segments, ChatMessage message, bool isFirst)
    {
        if (!isFirst)
        {
            segments.Add(new TextSegment("\n", IsTemplate: true));
        }

        segments.Add(new TextSegment(message.Text, IsTemplate: false));
    }

    protected override void AddAnswerHeader(List<TextSegment> segments)
    {
    }
}
