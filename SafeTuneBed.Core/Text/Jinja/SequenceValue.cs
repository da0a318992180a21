namespace SafeTuneBed.Text.Jinja;

/// <summary>Which Python type a <see cref="SequenceValue"/> stands for.</summary>
internal enum SequenceKind
{
    List,
    Tuple,
    Range,
    Keys,
    Values,
    Pairs,
}

/// <summary>A list, tuple, range or view of a dictionary. Never changes: the sandbox of the original refuses all methods that would.</summary>
internal class SequenceValue : JinjaValue
{
    // Deeper than any conversation or JSON schema; keeps printing and comparing off the stack's end.
    private const int MaxNesting = 100;

    public SequenceValue(SequenceKind kind, params IReadOnlyList<JinjaValue> items)
    {
        Kind = kind;
        Items = items;
        Nesting = NestingOver(items);
    }

    public SequenceKind Kind { get; }

    public IReadOnlyList<JinjaValue> Items { get; }

    public override int Nesting { get; }

    public override int? Length => Items.Count;

    public override bool IsTrue => Items.Count > 0;

    /// <summary>Whether items can be taken by position.</summary>
    public bool IsIndexable => Kind is SequenceKind.List or SequenceKind.Tuple or SequenceKind.Range;

    public override string TypeName => Kind switch
    {
        SequenceKind.List => "list",
        SequenceKind.Tuple => "tuple",
        SequenceKind.Range => "range",
        SequenceKind.Keys => "dict_keys",
        SequenceKind.Values => "dict_values",
        _ => "dict_items",
    };

    public override IEnumerable<JinjaValue> Iterate(RenderBudget budget) => Items;

    public static SequenceValue List(IReadOnlyList<JinjaValue> items) => new(SequenceKind.List, items);

    public static SequenceValue Tuple(params IReadOnlyList<JinjaValue> items) => new(SequenceKind.Tuple, items);

    /// <summary>One more than the deepest item, or a fault.</summary>
    public static int NestingOver(IEnumerable<JinjaValue> items)
    {
        int deepest = 0;
        foreach (JinjaValue item in items)
        {
            deepest = Math.Max(deepest, item.Nesting);
        }

        return deepest < MaxNesting ? deepest + 1 : throw new TemplateFault($"lists or dictionaries lie more than {MaxNesting} deep within one another. Correct the template or the variables.");
    }
}

/// <summary>What <c>groupby</c> gives: a pair whose parts also have names.</summary>
internal sealed class GroupValue(JinjaValue grouper, SequenceValue list) : SequenceValue(SequenceKind.Tuple, grouper, list);

/// <summary>Items that are made while they are read, once: what <c>map</c>, <c>select</c> and their kin give. Always true, without a length.</summary>
internal sealed class GeneratorValue(IEnumerable<JinjaValue> items) : JinjaValue
{
    private readonly IEnumerator<JinjaValue> source = items.GetEnumerator();

    public override string TypeName => "generator";

    public override IEnumerable<JinjaValue> Iterate(RenderBudget budget)
    {
        while (true)
        {
            // Generators may be stacked on one another in a loop: depth counts.
            budget.Enter();
            bool more = source.MoveNext();
            budget.Leave();
            if (!more)
            {
                yield break;
            }

            budget.Step();
            yield return source.Current;
        }
    }
}
