using SafeTuneBed.Text.Tokenizing;

namespace SafeTuneBed.Text;

/// <summary>A stretch of a rendered prompt: text of the template, in which special tokens count, or content, in which they are ordinary text.</summary>
/// <param name="Text">The text.</param>
/// <param name="IsTemplate">True for text of the template; false for text of a message.</param>
public readonly record struct TextSegment(string Text, bool IsTemplate);

/// <summary>A model's tokenizer: text to ids and back, exactly as the model's Hugging Face folder defines it. Thread-safe.</summary>
public abstract class ModelTokenizer
{
    /// <summary>
    /// Reads the tokenizer of a Hugging Face folder: <c>tokenizer.json</c> (byte-pair encoding, byte-level or SentencePiece-like) or else
    /// <c>tokenizer.model</c> (SentencePiece byte pairs), with <c>tokenizer_config.json</c>, <c>special_tokens_map.json</c> and <c>added_tokens.json</c>
    /// where they are.
    /// </summary>
    /// <exception cref="ModelFormatException">A file is missing, damaged, or asks for something unsupported; the message names it and what is supported.</exception>
    public static ModelTokenizer Load(string folder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        ModelTokenizer tokenizer = TokenizerLoader.Load(folder);
        tokenizer.Folder = folder;
        return tokenizer;
    }

    /// <summary>The folder that it was read from; null for one that was made otherwise. The chat template lies there too.</summary>
    internal string? Folder { get; private set; }

    /// <summary>Ids run from 0 to this, exclusive; added tokens included.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>Beginning-of-text id, or null.</summary>
    public abstract int? BosId { get; }

    /// <summary>End-of-text id, or null.</summary>
    public abstract int? EosId { get; }

    /// <summary>Padding id, or null. Correctness never depends on it: masks come from lengths.</summary>
    public abstract int? PadId { get; }

    /// <summary>Whether the folder's configuration puts the beginning-of-text id before a plain text.</summary>
    public abstract bool AddsBos { get; }

    /// <summary>SHA-256 over what defines the tokenizer, hex.</summary>
    public abstract string Fingerprint { get; }

    /// <summary>Text of a special token by its role in the folder's configuration (<c>bos_token</c>, <c>eos_token</c>, ...), or null.</summary>
    public abstract string? SpecialTokenText(string role);

    /// <summary>Whether the id is a special token, which decoding may leave out.</summary>
    public abstract bool IsSpecial(int id);

    /// <summary>The id of a token's text, or null.</summary>
    public abstract int? TokenToId(string token);

    /// <summary>
    /// Encodes segments as one text. Added tokens are recognized only where they lie within template text, except white space that a vocabulary holds
    /// as ordinary added tokens; text between them is encoded jointly.
    /// </summary>
    /// <param name="segments">The text in stretches.</param>
    /// <param name="continues">True when the text goes on directly after earlier text that did not end in a special token: no blank is then put before it.</param>
    public abstract int[] Encode(IReadOnlyList<TextSegment> segments, bool continues = false);

    /// <summary>Encodes one text; added tokens in it are recognized when <paramref name="parseSpecialTokens"/> is true. Adds none by itself.</summary>
    public int[] Encode(string text, bool parseSpecialTokens = false) => Encode([new TextSegment(text, parseSpecialTokens)]);

    /// <summary>The text of the ids as Hugging Face's <c>decode</c> gives it.</summary>
    public abstract string Decode(IReadOnlyList<int> ids, bool skipSpecialTokens = true);

    /// <summary>Encodes segments given what stands before them.</summary>
    internal virtual int[] EncodeFrom(IReadOnlyList<TextSegment> segments, TextStart start) => Encode(segments, start == TextStart.Joined);

    /// <summary>Whether an id is an added token, behind which a new stretch of text begins.</summary>
    internal virtual bool EndsStretch(int id) => IsSpecial(id);
}
