using Microsoft.Extensions.AI;
using SafeTuneBed.Text;

namespace SafeTuneBed.Tests.Core.Models;

/// <summary>One id a letter: a is 0.</summary>
internal sealed class Letters : ModelTokenizer
{
    public override int VocabularySize => 36;

    public override int? BosId => null;

    public override int? EosId => null;

    public override int? PadId => null;

    public override bool AddsBos => false;

    public override string Fingerprint => "letters";

    public static int[] Ids(string text) => [.. text.Select(c => c - 'a')];

    public static string Text(IEnumerable<int> ids) => string.Concat(ids.Where(i => i < 36).Select(i => (char)('a' + i)));

    public override string? SpecialTokenText(string role) => null;

    /// <summary>An id that is a special token.</summary>
    public int? Special { get; init; }

    public override bool IsSpecial(int id) => id == Special;

    public override int? TokenToId(string token) => token.Length == 1 ? token[0] - 'a' : null;

    public override int[] Encode(IReadOnlyList<TextSegment> segments, bool continues = false) => Ids(string.Concat(segments.Select(s => s.Text)));

    public override string Decode(IReadOnlyList<int> ids, bool skipSpecialTokens = true)
    {
        Assert.All(ids, id => Assert.InRange(id, 0, 35));
        return Text(ids);
    }
}

/// <summary>The request and nothing else; id 29 ends an answer.</summary>
internal sealed class LetterTemplate : PromptTemplate
{
    public override string Id => "plain";

    public override string Fingerprint => "plain";

    public override IReadOnlyList<int> StopIds => [29];

    public override IReadOnlyList<TextSegment> Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt) => [new TextSegment(messages[^1].Text, false)];

    public override int[] EncodePrompt(IReadOnlyList<ChatMessage> messages) => Letters.Ids(messages[^1].Text);

    public override int[] EncodeContinuation(string text) => Letters.Ids(text);

    public override PromptAndTarget Encode(FinetuneExample example, InputPlacement placement) => throw new NotSupportedException();

    public override IReadOnlyList<ChatMessage> ToConversation(FinetuneExample example, InputPlacement placement) => throw new NotSupportedException();
}
