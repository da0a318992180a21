using Microsoft.Extensions.AI;
using SafeTuneBed.Text;

namespace SafeTuneBed.Tests.Core.Running;

/// <summary>One id for each character.</summary>
internal sealed class FakeTokenizer : ModelTokenizer
{
    public override int VocabularySize => 65_536;

    public override int? BosId => null;

    public override int? EosId => null;

    public override int? PadId => null;

    public override bool AddsBos => false;

    public override string Fingerprint => "tokenizer-1";

    public override string? SpecialTokenText(string role) => null;

    public override bool IsSpecial(int id) => false;

    public override int? TokenToId(string token) => null;

    public override int[] Encode(IReadOnlyList<TextSegment> segments, bool continues = false) => [.. segments.SelectMany(s => s.Text).Select(c => (int)c)];

    public override string Decode(IReadOnlyList<int> ids, bool skipSpecialTokens = true) => new([.. ids.Select(i => (char)i)]);
}

/// <summary>The text as it is.</summary>
internal sealed class FakeTemplate(ModelTokenizer tokenizer, string id = "chat") : PromptTemplate
{
    public override string Id => id;

    public override string Fingerprint => "template-1";

    public override IReadOnlyList<int> StopIds => [0];

    public override IReadOnlyList<TextSegment> Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt) =>
        [.. messages.Where(m => id != "deaf" || m.Role != ChatRole.System).Select(m => new TextSegment(m.Text, false))];

    public override int[] EncodePrompt(IReadOnlyList<ChatMessage> messages) => tokenizer.Encode(Render(messages, true));

    public override int[] EncodeContinuation(string text) => tokenizer.Encode(text);

    public override PromptAndTarget Encode(FinetuneExample example, InputPlacement placement) =>
        new(EncodePrompt(ToConversation(example, placement)), tokenizer.Encode(example.Output));

    public override IReadOnlyList<ChatMessage> ToConversation(FinetuneExample example, InputPlacement placement) => [new(ChatRole.User, example.Instruction)];
}
