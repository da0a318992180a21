namespace SafeTuneBed.Text.Tokenizing;

/// <summary>
/// Makes a tokenizer of a SentencePiece byte-pair model (<c>tokenizer.model</c>): SentencePiece's own ids for plain text, and the Hugging Face library's
/// treatment of control tokens and of blanks behind them.
/// </summary>
internal static class SentencePieceReader
{
    private const string WordMark = "\u2581";

    /// <summary>Real pieces have a few dozen characters at most; all cuts of a piece are tried, so far longer ones would take for ever.</summary>
    private const int LongestPiece = 1_000;

    public static (TokenizerPipeline Pipeline, SentencePieceFile Model) Read(string file, TokenizerSettings settings)
    {
        SentencePieceFile model = SentencePieceFile.Read(file);
        Refuse(file, model.ModelType != 2, $"model type {(model.ModelType == 1 ? "unigram" : $"{model.ModelType}")}; byte pairs are supported");
        Refuse(file, model.HasCharacterMap, "a character map of its own for normalization");
        Refuse(file, model.RemovesExtraSpaces, "the removal of repeated blanks");
        Refuse(file, !model.EscapesSpaces || model.SpaceIsSuffix, "blanks that are not kept in front of words");

        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int id = 0; id < model.Pieces.Count; id++)
        {
            if (model.Pieces[id].Text.Length is 0 or > LongestPiece || !ids.TryAdd(model.Pieces[id].Text, id))
            {
                throw new ModelFormatException(file, $"Piece {id} ('{model.Pieces[id].Text}') is empty, repeats another, or has more than {LongestPiece} characters.");
            }
        }

        int unknown = model.Pieces.FindIndex(p => p.Kind == SentencePieceKind.Unknown);
        var vocabulary = new VocabularyTable(ids);
        var rules = new BpeRules { ByteFallback = model.ByteFallback, FuseUnknown = true, UnknownId = unknown < 0 ? null : unknown };

        // "legacy": every stretch between control tokens begins with a blank; else only the beginning of the text does.
        bool prefix = settings.AddsPrefixSpace ?? model.AddsDummyPrefix;
        bool legacy = settings.Legacy ?? true;
        var blanks = new ReplaceNormalizer(TextPattern.Exactly(" "), WordMark);
        TokenDecoder[] decoders = [new ReplaceDecoder(TextPattern.Exactly(WordMark), " "), new ByteFallbackDecoder(), new FuseDecoder()];
        return (new TokenizerPipeline
        {
            Model = new BpeModel(vocabulary, MakeMerges(model, vocabulary), rules),
            AddedTokens = [.. model.Pieces.Select((p, id) => (Piece: p, Id: id))
                .Where(p => p.Piece.Kind is SentencePieceKind.Unknown or SentencePieceKind.Control or SentencePieceKind.UserDefined)
                .Select(p => new AddedToken(p.Piece.Text, p.Id) { Special = p.Piece.Kind != SentencePieceKind.UserDefined })],
            Normalizer = !legacy ? null : prefix ? new SequenceNormalizer([new PrependNormalizer(WordMark), blanks]) : blanks,
            PreTokenizer = legacy ? null : new MetaspacePreTokenizer(WordMark, prefix ? "first" : "never", split: false),
            Decoder = new SequenceDecoder(prefix ? [.. decoders, new StripDecoder(new System.Text.Rune(' '), 1, 0)] : decoders),
        }, model);
    }

    /// <summary>
    /// Every way in which two pieces make a third. SentencePiece joins by the score of what comes out, the leftmost first among equals, so all ways to
    /// one score share a rank.
    /// </summary>
    private static Dictionary<long, (int Rank, int Id)> MakeMerges(SentencePieceFile model, VocabularyTable vocabulary)
    {
        var merges = new Dictionary<long, (int Rank, int Id)>();
        float[] scores = [.. model.Pieces.Where(IsText).Select(p => p.Score).Distinct().OrderDescending()];
        var ranks = scores.Select((score, rank) => (score, rank)).ToDictionary(s => s.score, s => s.rank);
        for (int id = 0; id < model.Pieces.Count; id++)
        {
            SentencePiece piece = model.Pieces[id];
            if (!IsText(piece))
            {
                continue;
            }

            for (int cut = 1; cut < piece.Text.Length; cut++)
            {
                if (!char.IsLowSurrogate(piece.Text[cut])
                    && vocabulary.TryGetId(piece.Text.AsSpan(0, cut), out int left) && IsText(model.Pieces[left])
                    && vocabulary.TryGetId(piece.Text.AsSpan(cut), out int right) && IsText(model.Pieces[right]))
                {
                    merges[BpeMerger.Key(left, right)] = (ranks[piece.Score], id);
                }
            }
        }

        return merges;
    }

    private static bool IsText(SentencePiece piece) => piece.Kind == SentencePieceKind.Normal;

    private static void Refuse(string file, bool condition, string what)
    {
        if (condition)
        {
            throw new ModelFormatException(file, $"The model asks for {what}. This is not supported; a tokenizer.json beside it, which is read first, may help.");
        }
    }
}
