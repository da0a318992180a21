using Microsoft.Extensions.AI;
using SafeTuneBed.Text.Tokenizing;

namespace SafeTuneBed.Text;

/// <summary>A template without control tokens: the answer follows the prompt's last character, and the end-of-text id follows the answer.</summary>
internal abstract class PlainPromptTemplate(ModelTokenizer tokenizer) : TextPromptTemplate(tokenizer)
{
    public override IReadOnlyList<int> StopIds { get; } = tokenizer.EosId is { } eos ? [eos] : [];

    public override IReadOnlyList<TextSegment> Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var segments = new List<TextSegment>();
        bool begun = false;
        for (int i = 0; i < messages.Count; i++)
        {
            ChatMessage message = messages[i];
            if (message.Role == ChatRole.System && i == 0)
            {
                AddSystem(segments, message.Text);
            }
            else if (message.Role == ChatRole.User)
            {
                AddUser(segments, message, isFirst: !begun);
                begun = true;
            }
            else if (message.Role == ChatRole.Assistant)
            {
                AddAnswerHeader(segments);
                segments.Add(new TextSegment(message.Text, IsTemplate: false));
            }
            else
            {
                throw new ConfigurationException(
                    $"The template '{Id}' can't place message {i} with the role '{message.Role}'. It knows user, assistant, and one system message at the start.");
            }
        }

        if (addGenerationPrompt)
        {
            AddAnswerHeader(segments);
        }

        return segments;
    }

    /// <summary>Encoded without a blank in front of its own, so that text and prompt taken together are what was encoded.</summary>
    public override int[] EncodeContinuation(string text) => EncodeAnswer(text, TextStart.Joined);

    public override PromptAndTarget Encode(FinetuneExample example, InputPlacement placement)
    {
        IReadOnlyList<TextSegment> prompt = Render(ToConversation(example, placement), addGenerationPrompt: true);
        int[] promptIds = EncodeFirst(prompt);
        int[] answer = EncodeAnswer(example.Output, StartAfter(prompt, promptIds));
        return new PromptAndTarget(promptIds, [.. answer, .. StopIds]);
    }

    protected abstract void AddSystem(List<TextSegment> segments, string text);

    protected abstract void AddUser(List<TextSegment> segments, ChatMessage message, bool isFirst);

    protected abstract void AddAnswerHeader(List<TextSegment> segments);

    private int[] EncodeAnswer(string text, TextStart start) => Tokenizer.EncodeFrom([new TextSegment(text, IsTemplate: false)], start);
}
