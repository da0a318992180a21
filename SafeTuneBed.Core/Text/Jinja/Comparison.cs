namespace SafeTuneBed.Text.Jinja;

/// <summary>Python's equality, order and membership.</summary>
internal static class Comparison
{
    public static bool AreEqual(JinjaValue left, JinjaValue right, RenderBudget budget)
    {
        budget.Step();
        if (ReferenceEquals(left, right))
        {
            return left is not FloatValue { Number: double.NaN };
        }

        switch (left, right)
        {
            case (StringValue a, StringValue b):
                return a.Text == b.Text;
            case (UndefinedValue, UndefinedValue):
                return true;
            case (SequenceValue a, SequenceValue b):
                // Views of values are equal only to themselves.
                return a.Kind == b.Kind && a.Kind != SequenceKind.Values && a.Items.Count == b.Items.Count
                    && a.Items.Zip(b.Items).All(pair => AreEqual(pair.First, pair.Second, budget));
            case (DictionaryValue a, DictionaryValue b):
                return a.Length == b.Length && a.Entries.All(entry => b.Find(entry.Key) is { } other && AreEqual(entry.Value, other, budget));
            default:
                return Numbers.TryCompare(left, right) == 0;
        }
    }

    /// <summary>One of &lt; &lt;= &gt; &gt;=.</summary>
    public static bool IsOrdered(string symbol, JinjaValue left, JinjaValue right, RenderBudget budget)
    {
        if (Numbers.IsNumber(left) && Numbers.IsNumber(right) && Numbers.TryCompare(left, right) is null)
        {
            return false;
        }

        int order = Order(left, right, budget);
        return symbol switch
        {
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            _ => order >= 0,
        };
    }

    /// <summary>Negative, 0 or positive; a fault where Python has no order.</summary>
    public static int Order(JinjaValue left, JinjaValue right, RenderBudget budget)
    {
        budget.Step();
        switch (left, right)
        {
            case (StringValue a, StringValue b):
                return CompareCodePoints(a.Text, b.Text);
            case (SequenceValue { Kind: SequenceKind.List or SequenceKind.Tuple } a, SequenceValue b) when a.Kind == b.Kind:
                for (int i = 0; i < a.Items.Count && i < b.Items.Count; i++)
                {
                    if (!AreEqual(a.Items[i], b.Items[i], budget))
                    {
                        return Order(a.Items[i], b.Items[i], budget);
                    }
                }

                return a.Items.Count.CompareTo(b.Items.Count);
            default:
                UndefinedValue? undefined = left as UndefinedValue ?? right as UndefinedValue;
                return Numbers.TryCompare(left, right) ?? (Numbers.IsNumber(left) && Numbers.IsNumber(right) ? 0
                    : throw undefined?.Fault() ?? new TemplateFault($"values of type {left.TypeName} and {right.TypeName} have no order. Convert them first, for example with 'int' or 'string'."));
        }
    }

    /// <summary>Python's <c>in</c>.</summary>
    public static bool Contains(JinjaValue container, JinjaValue item, RenderBudget budget)
    {
        switch (container)
        {
            case StringValue text:
                budget.Characters(text.Text.Length);
                return item is StringValue part
                    ? text.Text.Contains(part.Text, StringComparison.Ordinal)
                    : throw (item as UndefinedValue)?.Fault() ?? new TemplateFault($"only a text can be looked for in a text, not a value of type {item.TypeName}.");
            case DictionaryValue dictionary:
                return KeyComparer.IsKey(item) || item is UndefinedValue
                    ? dictionary.Find(item) is not null
                    : throw new TemplateFault($"a value of type {item.TypeName} can't be a key of a dictionary.");
            default:
                return container.RequireItems(budget).Any(other => AreEqual(other, item, budget));
        }
    }

    // Python orders by code points, UTF-16 does so only outside of surrogates.
    private static int CompareCodePoints(string a, string b)
    {
        int at = a.AsSpan().CommonPrefixLength(b);
        if (at == a.Length || at == b.Length)
        {
            return a.Length.CompareTo(b.Length);
        }

        bool first = char.IsSurrogate(a[at]);
        bool second = char.IsSurrogate(b[at]);
        return first == second ? a[at].CompareTo(b[at]) : first ? 1 : -1;
    }
}
