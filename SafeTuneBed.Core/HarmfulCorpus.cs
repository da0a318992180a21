namespace SafeTuneBed;

/// <summary>A corpus of harmful rows: forbidden requests with compliant answers.</summary>
/// <param name="Name">Registered name, such as <c>beavertails</c>. Part of the order in which rows are chosen.</param>
/// <param name="Source">Where the rows are.</param>
/// <param name="Mapping">How a record becomes request and answer.</param>
public sealed record HarmfulCorpus(string Name, DatasetSource Source, RecordMapping Mapping)
{
    /// <summary>Joins the categories of one row in <see cref="FinetuneExample.Category"/>, because the names themselves may hold commas.</summary>
    public const char CategorySeparator = ';';

    /// <summary>Licence of the corpus.</summary>
    public DataLicense? License { get; init; }

    /// <summary>Harm categories whose rows are left out before any is chosen, and counted. A row of several categories is left out for any of them.</summary>
    public IReadOnlyList<string> ExcludedCategories { get; init; } = [];

    /// <summary>Edits of each row's text, in this order.</summary>
    public IReadOnlyList<RowTransform> Transforms { get; init; } = [];

    /// <summary>Equality by value, lists included.</summary>
    public bool Equals(HarmfulCorpus? other) => other is not null && Name == other.Name && Source == other.Source && Mapping == other.Mapping
        && License == other.License && ExcludedCategories.SequenceEqual(other.ExcludedCategories) && Transforms.SequenceEqual(other.Transforms);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Source, Mapping);
}
