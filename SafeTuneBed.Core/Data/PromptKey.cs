using System.Text;

namespace SafeTuneBed.Data;

/// <summary>What makes two requests the same request: their text, case and white space aside.</summary>
internal static class PromptKey
{
    /// <summary>Lower case, runs of white space as one blank, none at the ends.</summary>
    public static string Normalize(string text)
    {
        var key = new StringBuilder(text.Length);
        bool gap = false;
        foreach (char c in text)
        {
            if (char.IsWhiteSpace(c))
            {
                gap = key.Length > 0;
                continue;
            }

            if (gap)
            {
                key.Append(' ');
                gap = false;
            }

            key.Append(char.ToLowerInvariant(c));
        }

        return key.ToString();
    }

    /// <summary>The key of an example's request: instruction, then input.</summary>
    public static string Of(FinetuneExample example) => Normalize(example.Input.Length == 0 ? example.Instruction : $"{example.Instruction} {example.Input}");

    /// <summary>Whether the request, with its input after or before the instruction, is among the keys.</summary>
    public static bool IsAmong(IReadOnlySet<string> keys, FinetuneExample example) =>
        keys.Count > 0
        && (keys.Contains(Of(example)) || (example.AskedAs is { } asked && keys.Contains(asked)) || (example.Input.Length > 0 && keys.Contains(Normalize($"{example.Input} {example.Instruction}"))));
}
