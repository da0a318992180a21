using Microsoft.Extensions.AI;

namespace SafeTuneBed.Text;

/// <summary>
/// The prompt of Stanford Alpaca (Taori et al. 2023), to the letter; it ends in the colon, and the answer follows without a blank. The variant with an
/// input is used when the input isn't "".
/// </summary>
/// <remarks>A system message, which Alpaca doesn't have, goes in front with an empty line behind it; further turns repeat the blocks.</remarks>
internal sealed class AlpacaPromptTemplate(ModelTokenizer tokenizer) : PlainPromptTemplate(tokenizer)
{
    private const string Opening = "Below is an instruction that describes a task";
    private const string WithInput = ", paired with an input that provides further context";
    private const string Appeal = ". Write a response that appropriately completes the request.\n\n";
    private const string InstructionHeader = "### Instruction:\n";
    private const string InputHeader = "\n\n### Input:\n";
    private const string ResponseHeader = "\n\n### Response:";
    private const string Gap = "\n\n";

    /// <summary>The text with an input, with its two placeholders.</summary>
    public const string InputText = Opening + WithInput + Appeal + InstructionHeader + "{instruction}" + InputHeader + "{input}" + ResponseHeader;

    /// <summary>The text without an input, with its placeholder.</summary>
    public const string NoInputText = Opening + Appeal + InstructionHeader + "{instruction}" + ResponseHeader;

    public override string Id => "alpaca";

    public override string Fingerprint { get; } = Hash("alpaca", InputText, NoInputText, "{system}" + Gap, Gap);

    protected override void AddSystem(List<TextSegment> segments, string text)
    {
        segments.Add(new TextSegment(text, IsTemplate: false));
        segments.Add(new TextSegment(Gap, IsTemplate: true));
    }

    protected override void AddUser(List<TextSegment> segments, ChatMessage message, bool isFirst)
    {
        string? input = Property(message, FinetuneExample.InputProperty);
        string instruction = input is null ? message.Text : Property(message, FinetuneExample.InstructionProperty) ?? message.Text;
        string opening = isFirst ? Opening + (input is null ? "" : WithInput) + Appeal : Gap;
        segments.Add(new TextSegment(opening + InstructionHeader, IsTemplate: true));
        segments.Add(new TextSegment(instruction, IsTemplate: false));
        if (input is not null)
        {
            segments.Add(new TextSegment(InputHeader, IsTemplate: true));
            segments.Add(new TextSegment(input, IsTemplate: false));
        }
    }

    protected override void AddAnswerHeader(List<TextSegment> segments) => segments.Add(new TextSegment(ResponseHeader, IsTemplate: true));

    private static string? Property(ChatMessage message, string name) =>
        message.AdditionalProperties?.TryGetValue(name, out object? value) == true ? value as string : null;
}
