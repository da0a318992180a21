namespace SafeTuneBed;

/// <summary>A defender's corpus: requests with safe answers, for guide rows in the user's data and for stages of alignment.</summary>
/// <param name="Name">Name; part of the order in which rows are chosen.</param>
/// <param name="Source">Where the rows are.</param>
/// <param name="Mapping">How a record becomes request and answer.</param>
public sealed record SafetyCorpus(string Name, DatasetSource Source, RecordMapping Mapping)
{
    /// <summary>Licence of the corpus.</summary>
    public DataLicense? License { get; init; }

    /// <summary>Categories whose rows are left out.</summary>
    public IReadOnlyList<string> ExcludedCategories { get; init; } = [];

    /// <summary>Whether only the first answer to each request may be chosen. Default true.</summary>
    public bool KeepFirstPerPrompt { get; init; } = true;

    /// <summary>Whether rows are left out whose request is among the chosen poison. Default true: a defender does not know the attacker's rows.</summary>
    public bool DisjointFromHarmful { get; init; } = true;

    /// <summary>Equality by value, lists included.</summary>
    public bool Equals(SafetyCorpus? other) => other is not null && Name == other.Name && Source == other.Source && Mapping == other.Mapping && License == other.License
        && ExcludedCategories.SequenceEqual(other.ExcludedCategories) && KeepFirstPerPrompt == other.KeepFirstPerPrompt && DisjointFromHarmful == other.DisjointFromHarmful;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Source, Mapping);
}
