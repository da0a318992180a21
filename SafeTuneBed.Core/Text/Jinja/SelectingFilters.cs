namespace SafeTuneBed.Text.Jinja;

/// <summary>Filters that change or leave out items one by one. They work while their result is read.</summary>
internal static class SelectingFilters
{
    public static JinjaValue Map(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        if (!input.IsTrue)
        {
            return new GeneratorValue([]);
        }

        IEnumerable<JinjaValue> items = input.RequireItems(evaluator.Budget);
        if (arguments.Positional.Count == 0)
        {
            JinjaValue?[] bound = arguments.Bind(1, "attribute", "default");
            return new GeneratorValue(items.Select(item => AttributePath.Resolve(bound[0], item, bound[1])));
        }

        Filter filter = FilterTable.Find(arguments.Positional[0]);
        CallArguments rest = arguments.Skip(1);
        return new GeneratorValue(items.Select(item => Deeper(evaluator, () => filter(evaluator, item, rest))));
    }

    /// <summary>Items for which a test holds or, with <paramref name="wanted"/> false, does not; without a test, their truth counts.</summary>
    public static JinjaValue Select(Evaluator evaluator, JinjaValue input, CallArguments arguments, bool wanted, bool byAttribute)
    {
        if (!input.IsTrue)
        {
            return new GeneratorValue([]);
        }

        int used = byAttribute ? 1 : 0;
        if (arguments.Positional.Count < used)
        {
            throw new TemplateFault($"{arguments.Callee} needs the name of an attribute.");
        }

        JinjaValue? path = byAttribute ? arguments.Positional[0] : null;
        Test? test = arguments.Positional.Count > used ? TestTable.Find(arguments.Positional[used]) : null;
        CallArguments rest = arguments.Skip(used + 1);
        return new GeneratorValue(input.RequireItems(evaluator.Budget).Where(item =>
        {
            evaluator.Budget.Step();
            JinjaValue subject = AttributePath.Resolve(path, item);
            return (test?.Invoke(evaluator, subject, rest) ?? subject.IsTrue) == wanted;
        }));
    }

    public static JinjaValue Unique(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        JinjaValue?[] bound = arguments.Bind(0, "case_sensitive", "attribute");
        return new GeneratorValue(Distinct(evaluator, input.RequireItems(evaluator.Budget), bound[0]?.IsTrue ?? false, bound[1]));
    }

    private static IEnumerable<JinjaValue> Distinct(Evaluator evaluator, IEnumerable<JinjaValue> items, bool caseSensitive, JinjaValue? path)
    {
        HashSet<JinjaValue> seen = new(KeyComparer.Instance);
        foreach (JinjaValue item in items)
        {
            evaluator.Budget.Step();
            JinjaValue key = SortingFilters.FoldCase(AttributePath.Resolve(path, item), caseSensitive, evaluator);
            if (key is not UndefinedValue && !KeyComparer.IsKey(key))
            {
                throw new TemplateFault($"values of type {key.TypeName} can't be told apart by 'unique'. Name an attribute that is a text or a number.");
            }

            if (seen.Add(key))
            {
                yield return item;
            }
        }
    }

    // A filter within a filter's result: stacked ones count as depth.
    private static JinjaValue Deeper(Evaluator evaluator, Func<JinjaValue> run)
    {
        evaluator.Budget.Enter();
        evaluator.Budget.Step();
        JinjaValue result = run();
        evaluator.Budget.Leave();
        return result;
    }
}
