namespace SafeTuneBed.Text.Jinja;

/// <summary>A dictionary in the order of insertion. Complete once built; templates can't change it.</summary>
internal sealed class DictionaryValue : JinjaValue
{
    private readonly OrderedDictionary<JinjaValue, JinjaValue> entries = new(KeyComparer.Instance);
    private int? nesting;

    public IReadOnlyDictionary<JinjaValue, JinjaValue> Entries => entries;

    public override string TypeName => "dict";

    public override int? Length => entries.Count;

    public override bool IsTrue => entries.Count > 0;

    public override int Nesting => nesting ??= SequenceValue.NestingOver(entries.Values);

    public override IEnumerable<JinjaValue> Iterate(RenderBudget budget) => entries.Keys;

    /// <summary>The value of a key, or null. A key that can't be hashed is none.</summary>
    public JinjaValue? Find(JinjaValue key) => KeyComparer.IsKey(key) && entries.TryGetValue(key, out JinjaValue? value) ? value : null;

    /// <summary>Adds or replaces an entry while the dictionary is being built.</summary>
    public void Set(JinjaValue key, JinjaValue value)
    {
        if (key is UndefinedValue undefined)
        {
            throw undefined.Fault();
        }

        if (!KeyComparer.IsKey(key))
        {
            throw new TemplateFault($"a value of type {key.TypeName} can't be a key of a dictionary. Use a text or a number.");
        }

        entries[key] = value;
    }

    /// <summary>Adds an entry with a text as key.</summary>
    public void Set(string key, JinjaValue value) => Set(new StringValue(key), value);
}

/// <summary>Equality of keys as Python's: numbers by value, whatever their type; texts by their characters, whatever their origin.</summary>
internal sealed class KeyComparer : IEqualityComparer<JinjaValue>
{
    public static readonly KeyComparer Instance = new();

    /// <summary>Whether the value can be a key. Tuples of tuples could in Python; here they can't, so that a lookup's cost has a bound.</summary>
    public static bool IsKey(JinjaValue value) => value switch
    {
        DictionaryValue or GeneratorValue or UndefinedValue => false,
        SequenceValue { Kind: SequenceKind.Tuple } tuple => tuple.Nesting == 1 && tuple.Items.All(IsKey),
        SequenceValue => false,
        _ => true,
    };

    public bool Equals(JinjaValue? x, JinjaValue? y) => (x, y) switch
    {
        (StringValue a, StringValue b) => a.Text == b.Text,
        (SequenceValue a, SequenceValue b) => a.Items.SequenceEqual(b.Items, this),
        ({ } a, { } b) when ReferenceEquals(a, b) => true,
        ({ } a, { } b) => Numbers.TryCompare(a, b) == 0,
        _ => false,
    };

    public int GetHashCode(JinjaValue value)
    {
        switch (value)
        {
            case StringValue text:
                return text.Text.GetHashCode(StringComparison.Ordinal);
            case SequenceValue tuple:
                HashCode all = default;
                foreach (JinjaValue item in tuple.Items)
                {
                    all.Add(GetHashCode(item));
                }

                return all.ToHashCode();
            case IntegerValue { Number: long number } when (long)(double)number != number:
                return number.GetHashCode();
            case BooleanValue or IntegerValue or FloatValue:
                return Numbers.ToDouble(value).GetHashCode();
            default:
                return System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(value);
        }
    }
}
