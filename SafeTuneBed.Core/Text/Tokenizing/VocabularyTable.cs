namespace SafeTuneBed.Text.Tokenizing;

/// <summary>Token texts and ids of a model, both ways. Ids may have gaps.</summary>
internal sealed class VocabularyTable
{
    /// <summary>Larger ids are taken for damage: the table by id would need gigabytes.</summary>
    public const int LargestId = 16_777_215;

    private readonly Dictionary<string, int> ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> spans;
    private readonly string?[] texts;

    public VocabularyTable(Dictionary<string, int> ids)
    {
        this.ids = ids;
        spans = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        texts = new string?[ids.Count == 0 ? 0 : ids.Values.Max() + 1];
        foreach ((string text, int id) in ids)
        {
            texts[id] = text;
        }
    }

    /// <summary>Ids run from 0 to this, exclusive.</summary>
    public int Size => texts.Length;

    public IEnumerable<string> Texts => ids.Keys;

    public bool TryGetId(ReadOnlySpan<char> text, out int id) => spans.TryGetValue(text, out id);

    public int? IdOf(string text) => ids.TryGetValue(text, out int id) ? id : null;

    public string? TextOf(int id) => (uint)id < (uint)texts.Length ? texts[id] : null;
}
