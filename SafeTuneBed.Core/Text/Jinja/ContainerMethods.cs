namespace SafeTuneBed.Text.Jinja;

/// <summary>The methods of lists, tuples, ranges and dictionaries that change nothing.</summary>
internal static class ContainerMethods
{
    public static JinjaValue? Find(JinjaValue target, string name) => target switch
    {
        DictionaryValue dictionary => FindIn(dictionary, name),
        SequenceValue { IsIndexable: true } sequence => FindIn(sequence, name),
        _ => null,
    };

    /// <summary>Keys and values as tuples.</summary>
    public static SequenceValue Pairs(DictionaryValue dictionary) =>
        new(SequenceKind.Pairs, [.. dictionary.Entries.Select(entry => (JinjaValue)SequenceValue.Tuple(entry.Key, entry.Value))]);

    private static FunctionValue? FindIn(DictionaryValue dictionary, string name) => name switch
    {
        "items" => Method(name, dictionary, () => Pairs(dictionary)),
        "keys" => Method(name, dictionary, () => new SequenceValue(SequenceKind.Keys, [.. dictionary.Entries.Keys])),
        "values" => Method(name, dictionary, () => new SequenceValue(SequenceKind.Values, [.. dictionary.Entries.Values])),
        "copy" => Method(name, dictionary, () => dictionary),
        "get" => new FunctionValue(name, (_, arguments) =>
        {
            JinjaValue?[] bound = arguments.Bind(1, "key", "default");
            return KeyComparer.IsKey(bound[0]!) || bound[0] is UndefinedValue
                ? dictionary.Find(bound[0]!) ?? bound[1] ?? NoneValue.Instance
                : throw new TemplateFault($"a value of type {bound[0]!.TypeName} can't be a key of a dictionary.");
        }),
        _ => null,
    };

    private static FunctionValue? FindIn(SequenceValue sequence, string name) => name switch
    {
        "copy" when sequence.Kind == SequenceKind.List => Method(name, sequence, () => sequence),
        "count" => new FunctionValue(name, (evaluator, arguments) =>
        {
            JinjaValue wanted = arguments.Bind(1, "value")[0]!;
            return JinjaValue.Of(sequence.Items.LongCount(item => Comparison.AreEqual(item, wanted, evaluator.Budget)));
        }),
        "index" => new FunctionValue(name, (evaluator, arguments) => JinjaValue.Of(IndexOf(sequence, arguments, evaluator.Budget))),
        _ => null,
    };

    private static FunctionValue Method(string name, JinjaValue target, Func<JinjaValue> body) => new(name, (evaluator, arguments) =>
    {
        arguments.Bind(0);
        evaluator.Budget.Items(target.Length ?? 0);
        return body();
    });

    private static long IndexOf(SequenceValue sequence, CallArguments arguments, RenderBudget budget)
    {
        JinjaValue wanted = arguments.Bind(1, "value")[0]!;
        for (int i = 0; i < sequence.Items.Count; i++)
        {
            if (Comparison.AreEqual(sequence.Items[i], wanted, budget))
            {
                return i;
            }
        }

        throw new TemplateFault("the list holds no such item. Test with 'in' first.");
    }
}
