using System.Globalization;
using SafeTuneBed.Data;
using SafeTuneBed.Text;

namespace SafeTuneBed;

/// <summary>Encodes through a prompt template: the boundary between prompt and target is a count, never found by comparing ids.</summary>
internal sealed class ExampleEncoder(PromptTemplate template, string tokenizerFingerprint, InputPlacement placement, int maxLength, LengthPolicy policy) : IExampleEncoder
{
    public string Fingerprint { get; } = string.Create(CultureInfo.InvariantCulture, $"{template.Fingerprint}|{tokenizerFingerprint}|{placement}|{maxLength}|{policy}");

    public EncodedExample Encode(FinetuneExample example)
    {
        PromptAndTarget parts = template.Encode(example, placement);
        bool truncated = false;
        bool overLength = parts.Prompt.Length + parts.Target.Length > maxLength;
        if (overLength)
        {
            switch (policy)
            {
                case LengthPolicy.ExcludeBeforeSelection:
                    return new EncodedExample(null, true);
                case LengthPolicy.TruncateInput:
                    parts = CutInput(example, parts);
                    break;
                case LengthPolicy.TruncateTarget when parts.Prompt.Length < maxLength:
                    parts = parts with { Target = parts.Target[..(maxLength - parts.Prompt.Length)] };
                    truncated = true;
                    break;
                default:
                    throw TooLong(example, parts);
            }
        }

        if (parts.Target.Length == 0 || parts.Prompt.Length == 0)
        {
            throw new ConfigurationException($"{Describe(example)} has no {(parts.Target.Length == 0 ? "supervised" : "prompt")} token under the template '{template.Id}'.");
        }

        var tokens = new TokenizedExample
        {
            RowId = 0,
            InputIds = [.. parts.Prompt, .. parts.Target],
            PromptTokenCount = parts.Prompt.Length,
            Role = example.Role,
            RecordId = example.RecordId,
            Truncated = truncated,
        };
        return new EncodedExample(tokens, overLength);
    }

    /// <summary>The longest beginning of the input with which the row fits. Its length is found by halving, since more text never gives far fewer tokens.</summary>
    private PromptAndTarget CutInput(FinetuneExample example, PromptAndTarget whole)
    {
        int fits = -1, tooLong = example.Input.Length;
        PromptAndTarget best = whole;
        while (tooLong - fits > 1)
        {
            int length = (fits + tooLong) / 2;
            int cut = length > 0 && char.IsHighSurrogate(example.Input[length - 1]) ? length - 1 : length;
            PromptAndTarget parts = template.Encode(example with { Input = example.Input[..cut] }, placement);
            if (parts.Prompt.Length + parts.Target.Length <= maxLength)
            {
                (fits, best) = (length, parts);
            }
            else
            {
                tooLong = length;
            }
        }

        return fits < 0 ? throw TooLong(example, whole) : best;
    }

    private ConfigurationException TooLong(FinetuneExample example, PromptAndTarget parts) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"{Describe(example)} has {parts.Prompt.Length} prompt and {parts.Target.Length} answer tokens, more than the {maxLength} allowed, and the length policy {policy} can't help. Raise MaxLength or use {nameof(LengthPolicy.ExcludeBeforeSelection)}."));

    private static string Describe(FinetuneExample example) => string.Create(
        CultureInfo.InvariantCulture, $"Row {example.Origin.Index} of corpus '{example.Origin.Corpus}'");
}
