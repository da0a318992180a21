namespace SafeTuneBed;

/// <summary>One harmful corpus of a grid: the corpus, or the registered name of one.</summary>
public readonly record struct HarmfulSelector
{
    private HarmfulSelector(string? name, HarmfulCorpus? corpus) => (Name, Corpus) = (name, corpus);

    /// <summary>The name to look up, or the corpus's own name.</summary>
    public string? Name { get; }

    /// <summary>The corpus, where one was given in place of a name.</summary>
    public HarmfulCorpus? Corpus { get; }

    /// <summary>A registered corpus.</summary>
    public static implicit operator HarmfulSelector(string name) => FromString(name);

    /// <summary>A corpus, registered or not.</summary>
    public static implicit operator HarmfulSelector(HarmfulCorpus corpus) => FromHarmfulCorpus(corpus);

    /// <summary>The same as the conversion from a string.</summary>
    public static HarmfulSelector FromString(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return new(name, null);
    }

    /// <summary>The same as the conversion from a corpus.</summary>
    public static HarmfulSelector FromHarmfulCorpus(HarmfulCorpus corpus)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        return new(corpus.Name, corpus);
    }

    /// <inheritdoc/>
    public override string ToString() => Name ?? "";
}
