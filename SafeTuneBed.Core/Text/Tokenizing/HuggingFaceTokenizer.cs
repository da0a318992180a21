namespace SafeTuneBed.Text.Tokenizing;

/// <summary>A tokenizer made of the parts that a Hugging Face folder describes: added tokens, normalizer, pre-tokenizer, byte-pair model, decoder.</summary>
internal sealed class HuggingFaceTokenizer : ModelTokenizer
{
    private readonly TokenizerPipeline pipeline;
    private readonly AddedVocabulary added;
    private readonly AddedTokenFinder rawFinder;
    private readonly AddedTokenFinder normalizedFinder;
    private readonly IReadOnlyDictionary<string, string> roles;

    public HuggingFaceTokenizer(TokenizerPipeline pipeline, AddedVocabulary added, IReadOnlyDictionary<string, string> roles, bool addsBos, string fingerprint)
    {
        (this.pipeline, this.added, this.roles, Fingerprint) = (pipeline, added, roles, fingerprint);
        rawFinder = new AddedTokenFinder(added.Tokens.Where(t => !t.Normalized).Select(t => (t.Content, t)));
        normalizedFinder = new AddedTokenFinder(added.Tokens.Where(t => t.Normalized)
            .Select(t => (pipeline.Normalizer?.Apply(new MarkedText(t.Content, null, true), TextStart.Beginning).Text ?? t.Content, t))
            .Where(t => t.Item1.Length > 0));
        VocabularySize = Math.Max(pipeline.Model.Vocabulary.Size, added.Size);
        BosId = IdOfRole("bos_token");
        EosId = IdOfRole("eos_token");
        PadId = IdOfRole("pad_token");
        AddsBos = addsBos && BosId is not null;
    }

    public override int VocabularySize { get; }

    public override int? BosId { get; }

    public override int? EosId { get; }

    public override int? PadId { get; }

    public override bool AddsBos { get; }

    public override string Fingerprint { get; }

    /// <summary>What the folder's post-processor puts around a text.</summary>
    public SurroundingTokens Surrounding => pipeline.Surrounding;

    public override string? SpecialTokenText(string role) => roles.GetValueOrDefault(role);

    public override bool IsSpecial(int id) => added.ById(id) is { Special: true };

    public override int? TokenToId(string token) => added.ByText(token)?.Id ?? pipeline.Model.Vocabulary.IdOf(token);

    public override int[] Encode(IReadOnlyList<TextSegment> segments, bool continues = false) =>
        EncodeFrom(segments, continues ? TextStart.Joined : TextStart.Beginning);

    public override string Decode(IReadOnlyList<int> ids, bool skipSpecialTokens = true)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var tokens = new List<string>(ids.Count);
        foreach (int id in ids)
        {
            // An id that no token has (padding of the embedding) stands for nothing.
            string? text = added.ById(id)?.Content ?? pipeline.Model.Vocabulary.TextOf(id);
            if (text is not null && !(skipSpecialTokens && added.IsSpecialText(text)))
            {
                tokens.Add(text);
            }
        }

        return pipeline.Decoder is { } decoder ? string.Concat(decoder.Apply(tokens)) : string.Join(' ', tokens);
    }

    internal override bool EndsStretch(int id) => added.ById(id) is not null;

    internal override int[] EncodeFrom(IReadOnlyList<TextSegment> segments, TextStart start)
    {
        ArgumentNullException.ThrowIfNull(segments);
        MarkedText text = MarkedText.Join(segments);
        var ids = new List<int>();
        foreach (FoundStretch stretch in rawFinder.Find(text))
        {
            if (stretch.Token is { } token)
            {
                ids.Add(token.Id);
            }
            else
            {
                EncodeStretch(text.Slice(stretch.Start, stretch.End), stretch.Start == 0 ? start : TextStart.AfterToken, ids);
            }
        }

        return [.. ids];
    }

    private void EncodeStretch(MarkedText raw, TextStart start, List<int> ids)
    {
        MarkedText text = pipeline.Normalizer?.Apply(raw, start) ?? raw;
        if (normalizedFinder.IsEmpty)
        {
            EncodeText(text.Text, start, ids);
            return;
        }

        foreach (FoundStretch stretch in normalizedFinder.Find(text))
        {
            if (stretch.Token is { } token)
            {
                ids.Add(token.Id);
            }
            else
            {
                EncodeText(text.Text[stretch.Start..stretch.End], stretch.Start == 0 ? start : TextStart.AfterToken, ids);
            }
        }
    }

    private void EncodeText(string text, TextStart start, List<int> ids)
    {
        if (text.Length == 0)
        {
            return;
        }

        if (pipeline.PreTokenizer is not { } preTokenizer)
        {
            pipeline.Model.Encode(text, ids);
            return;
        }

        var pieces = new Pieces(text, start);
        preTokenizer.ApplyLast(pieces);
        foreach ((int from, int to) in pieces.Ranges)
        {
            pipeline.Model.Encode(pieces.Text.AsSpan(from, to - from), ids);
        }
    }

    private int? IdOfRole(string role) => roles.TryGetValue(role, out string? text) ? TokenToId(text) : null;
}
