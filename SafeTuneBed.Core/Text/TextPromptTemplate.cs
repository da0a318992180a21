using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.AI;
using SafeTuneBed.Text.Tokenizing;

namespace SafeTuneBed.Text;

/// <summary>What all templates share: text through one tokenizer, one rule for the beginning-of-text id, one way from an example to a conversation.</summary>
internal abstract class TextPromptTemplate(ModelTokenizer tokenizer) : PromptTemplate
{
    protected ModelTokenizer Tokenizer { get; } = tokenizer;

    public override int[] EncodePrompt(IReadOnlyList<ChatMessage> messages) => EncodeFirst(Render(messages, addGenerationPrompt: true));

    public override IReadOnlyList<ChatMessage> ToConversation(FinetuneExample example, InputPlacement placement)
    {
        ArgumentNullException.ThrowIfNull(example);
        return example.ToConversation(placement);
    }

    /// <summary>The ids of a text that begins here: with a beginning-of-text id where the tokenizer adds one, but never two.</summary>
    protected int[] EncodeFirst(IReadOnlyList<TextSegment> segments)
    {
        int[] ids = Tokenizer.EncodeFrom(segments, TextStart.Beginning);
        return Tokenizer is { AddsBos: true, BosId: { } bos } && (ids.Length == 0 || ids[0] != bos) ? [bos, .. ids] : ids;
    }

    /// <summary>What text behind a prompt goes on from.</summary>
    protected TextStart StartAfter(IReadOnlyList<TextSegment> prompt, int[] promptIds) =>
        prompt.All(s => s.Text.Length == 0) ? TextStart.Beginning
        : promptIds.Length > 0 && Tokenizer.EndsStretch(promptIds[^1]) ? TextStart.AfterToken
        : TextStart.Joined;

    /// <summary>Hash over the texts that make up a template.</summary>
    protected static string Hash(params IEnumerable<string> texts) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', texts))));
}
