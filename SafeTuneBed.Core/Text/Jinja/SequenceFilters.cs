namespace SafeTuneBed.Text.Jinja;

/// <summary>Filters on lists and their kin.</summary>
internal static class SequenceFilters
{
    /// <summary>The input of a filter that takes no arguments.</summary>
    public static JinjaValue NoArguments(JinjaValue input, CallArguments arguments)
    {
        arguments.Bind(0);
        return input;
    }

    public static JinjaValue Length(Evaluator evaluator, JinjaValue input, CallArguments arguments) =>
        NoArguments(input, arguments).Length is { } length ? JinjaValue.Of((long)length)
            : throw new TemplateFault($"a value of type {input.TypeName} has no length.{(input is GeneratorValue ? " Put '| list' before it." : "")}");

    public static JinjaValue Default(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        JinjaValue?[] bound = arguments.Bind(0, "default_value", "boolean");
        return input is UndefinedValue || ((bound[1]?.IsTrue ?? false) && !input.IsTrue) ? bound[0] ?? StringValue.Empty : input;
    }

    public static JinjaValue First(Evaluator evaluator, JinjaValue input, CallArguments arguments) =>
        NoArguments(input, arguments).RequireItems(evaluator.Budget).FirstOrDefault() ?? new UndefinedValue("the sequence was empty and has no first item");

    public static JinjaValue Last(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        if (NoArguments(input, arguments) is GeneratorValue)
        {
            throw new TemplateFault("a generator has no last item. Put '| list' before it.");
        }

        // A text's characters are made one by one; only the last is wanted.
        return input is StringValue { Length: > 0 and var length } text ? text.CodePoints(length - 1, 1)
            : input.RequireItems(evaluator.Budget).LastOrDefault() ?? new UndefinedValue("the sequence was empty and has no last item");
    }

    public static SequenceValue ToList(Evaluator evaluator, JinjaValue input)
    {
        List<JinjaValue> items = [];
        foreach (JinjaValue item in input.RequireItems(evaluator.Budget))
        {
            items.Add(item);
            evaluator.Budget.Step();
        }

        evaluator.Budget.Items(items.Count);
        return SequenceValue.List(items);
    }

    public static JinjaValue Items(Evaluator evaluator, JinjaValue input, CallArguments arguments) => NoArguments(input, arguments) switch
    {
        UndefinedValue => new GeneratorValue([]),
        DictionaryValue dictionary => new GeneratorValue(ContainerMethods.Pairs(dictionary).Items),
        _ => throw new TemplateFault($"'items' needs a dictionary, not a value of type {input.TypeName}."),
    };

    public static JinjaValue Join(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        JinjaValue?[] bound = arguments.Bind(0, "d", "attribute");
        RenderBudget budget = evaluator.Budget;
        StringValue separator = bound[0] is null ? StringValue.Empty : PythonText.ToText(bound[0]!, budget);
        TracedBuilder builder = new(budget);
        bool first = true;
        foreach (JinjaValue item in input.RequireItems(budget))
        {
            if (!first)
            {
                builder.Append(separator);
            }

            budget.Step();
            builder.Append(PythonText.ToText(AttributePath.Resolve(bound[1], item), budget));
            first = false;
        }

        return builder.ToValue();
    }

    public static JinjaValue Reverse(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        if (NoArguments(input, arguments) is StringValue text)
        {
            return Slicing.Slice(text, null, null, new IntegerValue(-1), evaluator.Budget);
        }

        return new GeneratorValue([.. ToList(evaluator, input).Items.Reverse()]);
    }

    public static JinjaValue Attr(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        StringValue name = StringMethods.RequireText(arguments.Bind(1, "name")[0]!, "name");
        return input is UndefinedValue undefined ? throw undefined.Fault()
            : Lookup.Method(input, name.Text) ?? new UndefinedValue($"'{input.TypeName} object' has no attribute {name.Shown()}");
    }

    public static JinjaValue Batch(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        JinjaValue?[] bound = arguments.Bind(1, "linecount", "fill_with");
        int size = Numbers.RequireCount(bound[0]!, "linecount");
        if (size < 1)
        {
            throw new TemplateFault("the rows of 'batch' need at least one item.");
        }

        return new GeneratorValue(ToList(evaluator, input).Items.Chunk(size).Select(row => Filled(evaluator, row, size, bound[1])));
    }

    public static JinjaValue Slice(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        JinjaValue?[] bound = arguments.Bind(1, "slices", "fill_with");
        int count = Numbers.RequireCount(bound[0]!, "slices");
        IReadOnlyList<JinjaValue> items = ToList(evaluator, input).Items;
        if (count < 1)
        {
            throw new TemplateFault("'slice' needs at least one column.");
        }

        evaluator.Budget.Items(count);
        int size = items.Count / count;
        int longer = items.Count % count;
        return new GeneratorValue(Enumerable.Range(0, count).Select(column =>
        {
            JinjaValue[] part = [.. items.Skip((column * size) + Math.Min(column, longer)).Take(size + (column < longer ? 1 : 0))];
            return Filled(evaluator, part, size + 1, bound[1]);
        }));
    }

    private static JinjaValue Filled(Evaluator evaluator, JinjaValue[] row, int size, JinjaValue? fill)
    {
        if (fill is null or NoneValue || row.Length >= size)
        {
            evaluator.Budget.Items(row.Length);
            return SequenceValue.List(row);
        }

        evaluator.Budget.Items(size);
        return SequenceValue.List([.. row, .. Enumerable.Repeat(fill, size - row.Length)]);
    }
}
