namespace SafeTuneBed.Text.Jinja;

/// <summary>Filters that need an order.</summary>
internal static class SortingFilters
{
    public static JinjaValue Sort(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        JinjaValue?[] bound = arguments.Bind(0, "reverse", "case_sensitive", "attribute");
        bool caseSensitive = bound[1]?.IsTrue ?? false;
        JinjaValue[] paths = bound[2] is StringValue { Text: var text } several && text.Contains(',', StringComparison.Ordinal)
            ? [.. text.Split(',').Select(path => new StringValue(path, several.HasContent))]
            : [bound[2] ?? NoneValue.Instance];
        IReadOnlyList<JinjaValue> items = SequenceFilters.ToList(evaluator, input).Items;
        return SequenceValue.List(Sorted(
            evaluator, items, item => SequenceValue.List([.. paths.Select(path => FoldCase(AttributePath.Resolve(path, item), caseSensitive, evaluator))]), bound[0]?.IsTrue ?? false));
    }

    public static JinjaValue DictSort(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        JinjaValue?[] bound = arguments.Bind(0, "case_sensitive", "by", "reverse");
        string by = bound[1] is null ? "key" : StringMethods.RequireText(bound[1]!, "by").Text;
        if (input is not DictionaryValue dictionary || by is not ("key" or "value"))
        {
            throw (input as UndefinedValue)?.Fault() ?? new TemplateFault("'dictsort' needs a dictionary, and 'key' or 'value' to sort by.");
        }

        IReadOnlyList<JinjaValue> pairs = ContainerMethods.Pairs(dictionary).Items;
        return SequenceValue.List(Sorted(
            evaluator, pairs, pair => FoldCase(((SequenceValue)pair).Items[by == "key" ? 0 : 1], bound[0]?.IsTrue ?? false, evaluator), bound[2]?.IsTrue ?? false));
    }

    /// <summary>The largest item (<paramref name="direction"/> 1) or the smallest (-1); the first of equals.</summary>
    public static JinjaValue Extreme(Evaluator evaluator, JinjaValue input, CallArguments arguments, int direction)
    {
        JinjaValue?[] bound = arguments.Bind(0, "case_sensitive", "attribute");
        JinjaValue? best = null;
        JinjaValue? bestKey = null;
        foreach (JinjaValue item in input.RequireItems(evaluator.Budget))
        {
            JinjaValue key = FoldCase(AttributePath.Resolve(bound[1], item), bound[0]?.IsTrue ?? false, evaluator);
            if (bestKey is null || Comparison.Order(key, bestKey, evaluator.Budget) * direction > 0)
            {
                best = item;
                bestKey = key;
            }
        }

        return best ?? new UndefinedValue("the sequence was empty and has no smallest or largest item");
    }

    public static JinjaValue GroupBy(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        JinjaValue?[] bound = arguments.Bind(1, "attribute", "default", "case_sensitive");
        bool caseSensitive = bound[2]?.IsTrue ?? false;
        List<JinjaValue> groups = [];
        List<JinjaValue> members = [];
        JinjaValue? current = null;
        foreach (JinjaValue item in Sorted(evaluator, SequenceFilters.ToList(evaluator, input).Items, Key, false))
        {
            JinjaValue key = Key(item);
            if (current is not null && !Comparison.AreEqual(key, current, evaluator.Budget))
            {
                Close();
            }

            current = key;
            members.Add(item);
        }

        if (members.Count > 0)
        {
            Close();
        }

        return SequenceValue.List(groups);

        JinjaValue Key(JinjaValue item) => FoldCase(AttributePath.Resolve(bound[0], item, bound[1]), caseSensitive, evaluator);

        // The group bears the name as its first member writes it.
        void Close()
        {
            groups.Add(new GroupValue(AttributePath.Resolve(bound[0], members[0], bound[1]), SequenceValue.List(members)));
            members = [];
        }
    }

    /// <summary>A text in lower case unless case counts; other values as they are.</summary>
    public static JinjaValue FoldCase(JinjaValue value, bool caseSensitive, Evaluator evaluator) =>
        value is StringValue text && !caseSensitive ? CaseMapping.Lower(text, evaluator.Budget) : value;

    // Stable, and stable in reverse too: equal items keep their order.
    private static List<JinjaValue> Sorted(Evaluator evaluator, IReadOnlyList<JinjaValue> items, Func<JinjaValue, JinjaValue> key, bool reverse)
    {
        (JinjaValue Key, JinjaValue Item)[] keyed = [.. items.Select(item => (key(item), item))];
        Comparer<(JinjaValue Key, JinjaValue Item)> comparer = Comparer<(JinjaValue Key, JinjaValue Item)>.Create(
            (a, b) => Comparison.Order(a.Key, b.Key, evaluator.Budget) * (reverse ? -1 : 1));
        try
        {
            return [.. keyed.Order(comparer).Select(entry => entry.Item)];
        }
        catch (InvalidOperationException fault) when (fault.InnerException is TemplateFault inner)
        {
            throw inner;
        }
    }
}
