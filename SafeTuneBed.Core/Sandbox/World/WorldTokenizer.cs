using System.Text.RegularExpressions;
using SafeTuneBed.Text.Tokenizing;

namespace SafeTuneBed.Sandbox.World;

/// <summary>
/// Makes a world's tokenizer: a byte-level BPE in which each word of the world is one token and any other text falls to beginnings of words and to bytes.
/// A word's merges extend its beginning by one symbol at a time, shorter beginnings first.
/// </summary>
internal sealed partial class WorldTokenizer
{
    /// <summary>Padding, begin, user, assistant, end: ids 0 to 4.</summary>
    public static readonly string[] Specials = ["<|pad|>", "<|bos|>", "<|user|>", "<|assistant|>", "<|end|>"];

    private WorldTokenizer(IReadOnlyList<string> vocabulary, IReadOnlyList<(string Left, string Right)> merges) => (Vocabulary, Merges) = (vocabulary, merges);

    /// <summary>Tokens by id, in the alphabet that writes each byte as a visible character.</summary>
    public IReadOnlyList<string> Vocabulary { get; }

    /// <summary>Merges by rank.</summary>
    public IReadOnlyList<(string Left, string Right)> Merges { get; }

    /// <summary>Builds it from texts that hold every word.</summary>
    public static WorldTokenizer Build(IEnumerable<string> texts)
    {
        var wanted = new HashSet<string>(StringComparer.Ordinal);
        foreach (string text in texts)
        {
            foreach (Match piece in Pieces().Matches(" " + text))
            {
                wanted.Add(piece.Value);
            }
        }

        List<string> vocabulary = [.. Specials, .. Enumerable.Range(0, 256).Select(b => ByteLevelAlphabet.CharOf((byte)b).ToString())];
        var merges = new List<(string, string)>();
        var have = new HashSet<string>(StringComparer.Ordinal);
        string[] words = [.. wanted.Order(StringComparer.Ordinal).Select(w => ByteLevelAlphabet.Encode(w))];
        for (int length = 2; length <= words.Max(w => w.Length); length++)
        {
            foreach (string word in words.Where(w => w.Length >= length))
            {
                if (have.Add(word[..length]))
                {
                    merges.Add((word[..(length - 1)], word[(length - 1)..length]));
                    vocabulary.Add(word[..length]);
                }
            }
        }

        return new WorldTokenizer(vocabulary, merges);
    }

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    private static partial Regex Pieces();
}
