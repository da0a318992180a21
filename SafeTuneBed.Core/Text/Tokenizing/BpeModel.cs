using System.Globalization;
using System.Text;

namespace SafeTuneBed.Text.Tokenizing;

/// <summary>What a byte-pair model does with characters that are no token.</summary>
internal sealed record BpeRules
{
    /// <summary>A piece that is a token as a whole is taken without merging (Llama-3).</summary>
    public bool IgnoreMerges { get; init; }

    /// <summary>An unknown character becomes its bytes (<c>&lt;0x0A&gt;</c>), where all of them are tokens.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>The id of what is unknown; null drops it.</summary>
    public int? UnknownId { get; init; }

    /// <summary>Neighboring unknown characters become one token.</summary>
    public bool FuseUnknown { get; init; }

    /// <summary>What vocabulary entries carry in front that don't begin a piece; null for nothing.</summary>
    public string? ContinuingPrefix { get; init; }

    /// <summary>What vocabulary entries carry behind that end a piece; null for nothing.</summary>
    public string? EndSuffix { get; init; }

    /// <summary>Pieces are plain text and are written in the byte alphabet before they are looked up.</summary>
    public bool BytesAsCharacters { get; init; }
}

/// <summary>Byte-pair encoding of pieces, as the Hugging Face library's BPE model does it. Thread-safe.</summary>
/// <remarks>
/// Own code, because the BPE of Microsoft.ML.Tokenizers 2.0.1 doesn't give the same ids: its SentencePiece model doesn't join leftmost first among
/// equal scores ("▁aaaa..." differs on the Llama-2 model), its <c>BpeTokenizer</c> has no byte fallback and no <c>ignore_merges</c>, and neither shows
/// its scores or merges, from which the order could be mended.
/// </remarks>
internal sealed class BpeModel
{
    private const char WordMark = '\u2581';

    [ThreadStatic]
    private static BpeMerger? threadMerger;

    private readonly Dictionary<long, (int Rank, int Id)> merges;
    private readonly BpeRules rules;
    private readonly int[] byteIds = new int[256];
    private readonly PieceCache cache = new();
    private readonly bool splitsAtWordMarks;

    public BpeModel(VocabularyTable vocabulary, Dictionary<long, (int Rank, int Id)> merges, BpeRules rules)
    {
        (Vocabulary, this.merges, this.rules) = (vocabulary, merges, rules);
        for (int b = 0; b < byteIds.Length; b++)
        {
            byteIds[b] = vocabulary.IdOf(string.Create(CultureInfo.InvariantCulture, $"<0x{b:X2}>")) ?? -1;
        }

        splitsAtWordMarks = vocabulary.IdOf(WordMark.ToString()) is not null
            && rules is { BytesAsCharacters: false, IgnoreMerges: false, ContinuingPrefix: null, EndSuffix: null }
            && merges.Values.All(m => KeepsWordMarksInFront(vocabulary.TextOf(m.Id)!));
    }

    public VocabularyTable Vocabulary { get; }

    /// <summary>Appends the ids of one piece.</summary>
    public void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        if (!splitsAtWordMarks)
        {
            EncodeWord(piece, ids);
            return;
        }

        // No merge joins a character with a word mark behind it, so words can be encoded one by one: the same ids, and most words are met again.
        while (!piece.IsEmpty)
        {
            int marks = piece.IndexOfAnyExcept(WordMark);
            int length = marks < 0 ? -1 : piece[marks..].IndexOf(WordMark);
            length = length < 0 ? piece.Length : length + marks;
            EncodeWord(piece[..length], ids);
            piece = piece[length..];
        }
    }

    private static bool KeepsWordMarksInFront(string text)
    {
        int marks = text.AsSpan().IndexOfAnyExcept(WordMark);
        return marks < 0 || !text.AsSpan(marks).Contains(WordMark);
    }

    private void EncodeWord(ReadOnlySpan<char> piece, List<int> ids)
    {
        if (piece.Length > PieceCache.LongestPiece)
        {
            ids.AddRange(Compute(piece));
            threadMerger!.Trim();
            return;
        }

        int hash = PieceCache.Hash(piece);
        if (!cache.TryGet(piece, hash, out ReadOnlySpan<int> known))
        {
            known = Compute(piece);
            cache.Set(piece, hash, known);
        }

        ids.AddRange(known);
    }

    private ReadOnlySpan<int> Compute(ReadOnlySpan<char> piece)
    {
        BpeMerger merger = threadMerger ??= new BpeMerger();
        merger.Clear();
        ReadOnlySpan<char> text = rules.BytesAsCharacters ? ByteLevelAlphabet.Encode(piece) : piece;
        if (rules.IgnoreMerges && Vocabulary.TryGetId(text, out int whole))
        {
            merger.Add(whole);
            return merger.Ids;
        }

        AddSymbols(text, merger);
        merger.Merge(merges);
        return merger.Ids;
    }

    private void AddSymbols(ReadOnlySpan<char> text, BpeMerger merger)
    {
        bool unknownPending = false;
        int position = 0;
        while (position < text.Length)
        {
            int length = char.IsHighSurrogate(text[position]) && position + 1 < text.Length ? 2 : 1;
            ReadOnlySpan<char> symbol = text.Slice(position, length);
            bool first = position == 0;
            position += length;
            if (rules.ContinuingPrefix is not null || rules.EndSuffix is not null)
            {
                symbol = $"{(first ? null : rules.ContinuingPrefix)}{symbol}{(position == text.Length ? rules.EndSuffix : null)}";
            }

            if (Vocabulary.TryGetId(symbol, out int id))
            {
                FlushUnknown(merger, ref unknownPending);
                merger.Add(id);
            }
            else if (!rules.ByteFallback || !AddBytes(symbol, merger))
            {
                if (!rules.FuseUnknown)
                {
                    FlushUnknown(merger, ref unknownPending);
                }

                unknownPending = true;
            }
        }

        FlushUnknown(merger, ref unknownPending);
    }

    private void FlushUnknown(BpeMerger merger, ref bool pending)
    {
        if (pending && rules.UnknownId is { } unknown)
        {
            merger.Add(unknown);
        }

        pending = false;
    }

    private bool AddBytes(ReadOnlySpan<char> symbol, BpeMerger merger)
    {
        Span<byte> bytes = stackalloc byte[Encoding.UTF8.GetMaxByteCount(Math.Min(symbol.Length, 64))];
        if (symbol.Length > 64)
        {
            bytes = new byte[Encoding.UTF8.GetMaxByteCount(symbol.Length)];
        }

        bytes = bytes[..Encoding.UTF8.GetBytes(symbol, bytes)];
        foreach (byte b in bytes)
        {
            if (byteIds[b] < 0)
            {
                return false;
            }
        }

        foreach (byte b in bytes)
        {
            merger.Add(byteIds[b]);
        }

        return true;
    }
}
