namespace SafeTuneBed.Text.Tokenizing;

/// <summary>The added tokens of a tokenizer, from all the files that name any.</summary>
internal sealed class AddedVocabulary
{
    private readonly Dictionary<int, AddedToken> byId = [];
    private readonly Dictionary<string, AddedToken> byText = new(StringComparer.Ordinal);

    private AddedVocabulary()
    {
    }

    public IEnumerable<AddedToken> Tokens => byText.Values;

    /// <summary>Ids of added tokens run to this, exclusive.</summary>
    public int Size => byId.Count == 0 ? 0 : byId.Keys.Max() + 1;

    public AddedToken? ById(int id) => byId.GetValueOrDefault(id);

    public AddedToken? ByText(string text) => byText.GetValueOrDefault(text);

    public bool IsSpecialText(string text) => byText.TryGetValue(text, out AddedToken? token) && token.Special;

    /// <summary>
    /// The tokenizer file's own; then those that only the settings name; then tokens of the vocabulary that have a role, which count as special.
    /// </summary>
    public static AddedVocabulary Collect(string file, TokenizerPipeline pipeline, TokenizerSettings settings, IEnumerable<string> rolesOfModel)
    {
        var added = new AddedVocabulary();
        foreach (AddedToken token in pipeline.AddedTokens)
        {
            added.Add(file, token);
        }

        VocabularyTable vocabulary = pipeline.Model.Vocabulary;
        foreach (AddedToken token in settings.AddedTokens.Where(t => !added.byText.ContainsKey(t.Content)))
        {
            int id = vocabulary.IdOf(token.Content) ?? token.Id;
            string? other = added.ById(id)?.Content ?? vocabulary.TextOf(id);
            if (other is not null && other != token.Content)
            {
                throw new ModelFormatException(settings.Folder, $"The added token '{token.Content}' has the id {id}, which belongs to '{other}'.");
            }

            added.Add(file, token with { Id = id });
        }

        foreach (string text in settings.Roles.Values.Concat(settings.FurtherSpecialTokens).Concat(rolesOfModel))
        {
            if (added.ByText(text) is { } token)
            {
                added.byId[token.Id] = added.byText[text] = token with { Special = true };
            }
            else if (vocabulary.IdOf(text) is { } id)
            {
                added.Add(file, new AddedToken(text, id) { Special = true });
            }
        }

        return added;
    }

    private void Add(string file, AddedToken token)
    {
        if (byText.TryGetValue(token.Content, out AddedToken? known) ? known.Id != token.Id : byId.ContainsKey(token.Id))
        {
            throw new ModelFormatException(file, $"The added token '{token.Content}' (id {token.Id}) repeats a text or an id of another.");
        }

        byText[token.Content] = token;
        byId[token.Id] = token;
    }
}
