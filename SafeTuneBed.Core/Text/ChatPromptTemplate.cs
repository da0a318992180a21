using Microsoft.Extensions.AI;
using SafeTuneBed.Text.Tokenizing;

namespace SafeTuneBed.Text;

/// <summary>The model's own chat template. What it puts behind an answer, up to its last end token, is part of the answer.</summary>
internal sealed class ChatPromptTemplate : TextPromptTemplate
{
    private static readonly string[] Roles = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    private readonly IChatTemplateRenderer renderer;
    private readonly Dictionary<string, object?> variables;
    private readonly Lazy<AnswerFrame> frame;

    public ChatPromptTemplate(IChatTemplateRenderer renderer, ModelTokenizer tokenizer)
        : base(tokenizer)
    {
        this.renderer = renderer;
        variables = Roles.Where(r => tokenizer.SpecialTokenText(r) is not null)
            .ToDictionary(r => r, r => (object?)tokenizer.SpecialTokenText(r), StringComparer.Ordinal);
        Fingerprint = Hash(Id, renderer.Fingerprint);
        frame = new Lazy<AnswerFrame>(FindFrame);
    }

    public override string Id => "chat";

    public override string Fingerprint { get; }

    public override IReadOnlyList<int> StopIds => frame.Value.StopIds;

    public override IReadOnlyList<TextSegment> Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt) =>
        renderer.Render(messages, addGenerationPrompt, variables);

    public override int[] EncodeContinuation(string text) =>
        Tokenizer.EncodeFrom([.. frame.Value.Lead, new TextSegment(text, IsTemplate: false)], frame.Value.Start);

    public override PromptAndTarget Encode(FinetuneExample example, InputPlacement placement) => Encode(ToConversation(example, placement), example.Output);

    /// <summary>The ids of a conversation of any length and of the answer to it.</summary>
    internal PromptAndTarget Encode(IReadOnlyList<ChatMessage> conversation, string output)
    {
        IReadOnlyList<TextSegment> prompt = Render(conversation, addGenerationPrompt: true);
        List<TextSegment> answer = RenderAnswer(conversation, prompt, output);
        int[] promptIds = EncodeFirst(prompt);
        TextStart start = StartAfter(prompt, promptIds);
        int[] target = Tokenizer.EncodeFrom(answer, start);
        int end = Array.FindLastIndex(target, id => frame.Value.EndIds.Contains(id));
        if (end >= 0)
        {
            return new PromptAndTarget(promptIds, target[..(end + 1)]);
        }

        // The template has no end token: the answer ends where its text does, and the end-of-text id says so.
        int[] text = Tokenizer.EncodeFrom(WithoutTail(answer), start);
        return new PromptAndTarget(promptIds, Tokenizer.EosId is { } eos ? [.. text, eos] : text);
    }

    /// <summary>The text up to the end of the last message text; all of it where there is none.</summary>
    private static List<TextSegment> WithoutTail(List<TextSegment> segments)
    {
        int last = segments.FindLastIndex(s => !s.IsTemplate && s.Text.Length > 0);
        return last < 0 ? segments : segments[..(last + 1)];
    }

    /// <summary>What the template puts behind a prompt when an answer is there.</summary>
    private List<TextSegment> RenderAnswer(IReadOnlyList<ChatMessage> conversation, IReadOnlyList<TextSegment> prompt, string answer)
    {
        IReadOnlyList<TextSegment> whole = Render([.. conversation, new ChatMessage(ChatRole.Assistant, answer)], addGenerationPrompt: false);
        string promptText = Concatenate(prompt);
        if (!Concatenate(whole).StartsWith(promptText, StringComparison.Ordinal))
        {
            throw new ConfigurationException(
                "The model's chat template renders a conversation with its answer differently from the prompt for that answer, so answers can't be told from prompts. "
                + "Use the template 'alpaca' or 'raw', or mend the folder's chat template.");
        }

        var rest = new List<TextSegment>();
        int skip = promptText.Length;
        foreach (TextSegment segment in whole)
        {
            int skipped = Math.Min(skip, segment.Text.Length);
            skip -= skipped;
            if (skipped < segment.Text.Length)
            {
                rest.Add(segment with { Text = segment.Text[skipped..] });
            }
        }

        return rest;
    }

    private static string Concatenate(IEnumerable<TextSegment> segments) => string.Concat(segments.Select(s => s.Text));

    /// <summary>Learns from a one-word conversation what the template puts before and behind an answer.</summary>
    private AnswerFrame FindFrame()
    {
        List<int> eos = Tokenizer.EosId is { } id ? [id] : [];
        ChatMessage[] conversation = [new(ChatRole.User, "x")];
        IReadOnlyList<TextSegment> prompt = Render(conversation, addGenerationPrompt: true);
        List<TextSegment> answer = RenderAnswer(conversation, prompt, "y");
        int first = answer.FindIndex(s => !s.IsTemplate);
        int last = answer.FindLastIndex(s => !s.IsTemplate);
        if (first < 0)
        {
            throw new ConfigurationException("The model's chat template leaves the answer out. Use the template 'alpaca' or 'raw', or mend the folder's chat template.");
        }

        int[] tail = Tokenizer.EncodeFrom(answer[(last + 1)..], TextStart.Joined);
        List<int> ends = [.. tail.Where(IsControl).Distinct()];
        return new AnswerFrame(answer[..first], StartAfter(prompt, EncodeFirst(prompt)), ends, [.. eos.Union(ends)]);
    }

    /// <summary>An added token that isn't mere white space, which some vocabularies hold as added tokens too.</summary>
    private bool IsControl(int id) => Tokenizer.EndsStretch(id) && !string.IsNullOrWhiteSpace(Tokenizer.Decode([id], skipSpecialTokens: false));

    /// <param name="Lead">Template text between prompt and answer.</param>
    /// <param name="Start">What the answer goes on from.</param>
    /// <param name="EndIds">Control tokens that the template puts behind an answer.</param>
    /// <param name="StopIds">The end-of-text id and those.</param>
    private sealed record AnswerFrame(IReadOnlyList<TextSegment> Lead, TextStart Start, IReadOnlyList<int> EndIds, IReadOnlyList<int> StopIds);
}
