using System.Collections.Frozen;

namespace SafeTuneBed.Text.Jinja;

/// <summary>The functions that every template can call: Jinja's, and the two that Hugging Face adds.</summary>
internal static class GlobalFunctions
{
    /// <summary>The one function that needs a clock.</summary>
    public const string Now = "strftime_now";

    // The sandbox of the original has the same bound.
    private const long MaxRange = 100_000;

    private static readonly FrozenDictionary<string, JinjaValue> Functions = new (string Name, Func<Evaluator, CallArguments, JinjaValue> Body)[]
    {
        ("range", Range),
        ("dict", Dictionary),
        ("namespace", Namespace),
        ("cycler", (_, arguments) => arguments.Positional.Count > 0 ? new CyclerValue(arguments.Positional) : throw new TemplateFault("cycler needs an item.")),
        ("joiner", (_, arguments) => new JoinerValue(arguments.Bind(0, "sep")[0] ?? new StringValue(", "))),
        ("raise_exception", (evaluator, arguments) => throw new RaisedFault(PythonText.ToText(arguments.Bind(1, "message")[0]!, evaluator.Budget))),
    }.ToFrozenDictionary(entry => entry.Name, entry => (JinjaValue)new FunctionValue(entry.Name, entry.Body));

    /// <summary>A function, or null. Without a clock there is no <c>strftime_now</c>: templates that use it then fall back to a date of their own.</summary>
    public static JinjaValue? Find(string name, TimeProvider? clock) => name switch
    {
        "lipsum" => throw new TemplateFault("'lipsum' is not supported in chat templates."),
        Now => clock is null ? null : new FunctionValue(name, (evaluator, arguments) =>
            StrftimeText.Format(StringMethods.RequireText(arguments.Bind(1, "format")[0]!, "the format").Text, clock.GetLocalNow(), evaluator.Budget)),
        _ => Functions.GetValueOrDefault(name),
    };

    private static SequenceValue Range(Evaluator evaluator, CallArguments arguments)
    {
        long[] bounds = [.. arguments.Positional.Select(value => Numbers.RequireInteger(value, "the bound of a range"))];
        if (bounds.Length is < 1 or > 3 || arguments.NamedValues.Count > 0)
        {
            throw new TemplateFault("range takes one to three integers.");
        }

        Int128 start = bounds.Length > 1 ? bounds[0] : 0;
        Int128 stop = bounds.Length > 1 ? bounds[1] : bounds[0];
        Int128 step = bounds.Length > 2 ? bounds[2] : 1;
        if (step == 0)
        {
            throw new TemplateFault("the step of a range can't be 0.");
        }

        Int128 count = step > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step;
        if (count > MaxRange)
        {
            throw new TemplateFault($"a range of {count} numbers exceeds the limit of {MaxRange}.");
        }

        evaluator.Budget.Items((long)Int128.Max(count, 0));
        JinjaValue[] numbers = new JinjaValue[(int)Int128.Max(count, 0)];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = new IntegerValue((long)(start + (i * step)));
        }

        return new SequenceValue(SequenceKind.Range, numbers);
    }

    private static DictionaryValue Dictionary(Evaluator evaluator, CallArguments arguments)
    {
        DictionaryValue result = new();
        ForEachEntry(evaluator, arguments, result.Set);
        _ = result.Nesting;
        return result;
    }

    private static NamespaceValue Namespace(Evaluator evaluator, CallArguments arguments)
    {
        NamespaceValue result = new();
        ForEachEntry(evaluator, arguments, (key, value) => result.Set(StringMethods.RequireText(key, "the name of an attribute").Text, value));
        return result;
    }

    // A dictionary or pairs, then named arguments.
    private static void ForEachEntry(Evaluator evaluator, CallArguments arguments, Action<JinjaValue, JinjaValue> add)
    {
        if (arguments.Positional.Count > 1)
        {
            throw new TemplateFault($"{arguments.Callee} takes at most one positional argument.");
        }

        foreach (JinjaValue source in arguments.Positional)
        {
            IEnumerable<JinjaValue> pairs = source is DictionaryValue dictionary ? ContainerMethods.Pairs(dictionary).Items : source.RequireItems(evaluator.Budget);
            foreach (JinjaValue pair in pairs)
            {
                evaluator.Budget.Step();
                JinjaValue[] parts = [.. pair.RequireItems(evaluator.Budget).Take(3)];
                if (parts.Length != 2)
                {
                    throw new TemplateFault($"{arguments.Callee} needs pairs of a key and a value.");
                }

                add(parts[0], parts[1]);
            }
        }

        foreach ((string name, JinjaValue value) in arguments.NamedValues)
        {
            add(new StringValue(name), value);
        }
    }
}
