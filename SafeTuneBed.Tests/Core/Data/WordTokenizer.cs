using Microsoft.Extensions.AI;
using SafeTuneBed.Text;

namespace SafeTuneBed.Tests.Core.Data;

/// <summary>One id a word, so that lengths in tokens are lengths in words.</summary>
internal sealed class WordTokenizer : ModelTokenizer
{
    public override int VocabularySize => 10_000;

    public override int? BosId => 1;

    public override int? EosId => 2;

    public override int? PadId => 0;

    public override bool AddsBos => true;

    public override string Fingerprint => "words";

    public override string? SpecialTokenText(string role) => null;

    public override bool IsSpecial(int id) => id < 3;

    public override int? TokenToId(string token) => null;

    public override int[] Encode(IReadOnlyList<TextSegment> segments, bool continues = false) =>
        [.. segments.SelectMany(s => s.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).Select(w => 3 + w.Sum(c => c) % 9_000)];

    public override string Decode(IReadOnlyList<int> ids, bool skipSpecialTokens = true) => throw new NotSupportedException();
}

/// <summary>Beginning token, words of the request; words of the answer, end token.</summary>
internal sealed class WordTemplate(ModelTokenizer tokenizer) : PromptTemplate
{
    public int Encoded { get; private set; }

    public override string Id => "raw";

    public override string Fingerprint => "word-template";

    public override IReadOnlyList<int> StopIds => [2];

    public override IReadOnlyList<TextSegment> Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt) => throw new NotSupportedException();

    public override int[] EncodePrompt(IReadOnlyList<ChatMessage> messages) => throw new NotSupportedException();

    public override int[] EncodeContinuation(string text) => tokenizer.Encode(text);

    public override PromptAndTarget Encode(FinetuneExample example, InputPlacement placement)
    {
        Encoded++;
        string request = placement == InputPlacement.BeforeInstruction ? $"{example.Input} {example.Instruction}" : $"{example.Instruction} {example.Input}";
        return new PromptAndTarget([1, .. tokenizer.Encode(request)], [.. tokenizer.Encode(example.Output), 2]);
    }

    public override IReadOnlyList<ChatMessage> ToConversation(FinetuneExample example, InputPlacement placement) => throw new NotSupportedException();
}
