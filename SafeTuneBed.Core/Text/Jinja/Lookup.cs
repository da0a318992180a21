namespace SafeTuneBed.Text.Jinja;

/// <summary>Attributes and items. What is missing gives an undefined value; asking an undefined value for something is a fault.</summary>
internal static class Lookup
{
    // These exist in Python and would change the value; the sandbox of the original hands out a value whose use is a fault.
    private static readonly HashSet<string> Mutators =
        ["append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort", "popitem", "setdefault", "update"];

    /// <summary><c>target.name</c>: methods first, then keys.</summary>
    public static JinjaValue Attribute(JinjaValue target, StringValue name)
    {
        if (target is UndefinedValue undefined)
        {
            throw undefined.Fault();
        }

        return Method(target, name.Text) ?? (target as DictionaryValue)?.Find(name) ?? Missing(target, name);
    }

    /// <summary><c>target[key]</c>: keys first, then methods.</summary>
    public static JinjaValue Item(JinjaValue target, JinjaValue key)
    {
        switch (target)
        {
            case UndefinedValue undefined:
                throw undefined.Fault();
            case DictionaryValue dictionary when dictionary.Find(key) is { } value:
                return value;
            case StringValue text when Numbers.ToInteger(key) is { } index:
                return IndexIn(text.Length!.Value, index) is { } at ? text.CodePoints(at, 1) : NoElement(target, index);
            case SequenceValue { IsIndexable: true } sequence when Numbers.ToInteger(key) is { } index:
                return IndexIn(sequence.Items.Count, index) is { } position ? sequence.Items[position] : NoElement(target, index);
            default:
                return key is StringValue name ? Method(target, name.Text) ?? Missing(target, name)
                    : new UndefinedValue($"a value of type {target.TypeName} has no such element of type {key.TypeName}");
        }
    }

    /// <summary>A method or attribute that the type itself has, or null.</summary>
    public static JinjaValue? Method(JinjaValue target, string name)
    {
        if (target is SequenceValue { Kind: SequenceKind.List } or DictionaryValue && Mutators.Contains(name) && IsOf(target, name))
        {
            return new UndefinedValue($"'{name}' would change a {target.TypeName}, which is refused in a chat template; build a new one, for example with '+'");
        }

        return target switch
        {
            StringValue text => StringMethods.Find(text, name),
            NamespaceValue space => space.Find(name),
            LoopValue loop => loop.Find(name),
            GroupValue group when name is "grouper" or "list" => group.Items[name == "grouper" ? 0 : 1],
            SequenceValue or DictionaryValue => ContainerMethods.Find(target, name),
            CyclerValue cycler => Cycler(cycler, name),
            MacroValue macro when name == "name" => new StringValue(macro.Node.Name),
            _ => null,
        };
    }

    private static bool IsOf(JinjaValue target, string name) => target is DictionaryValue
        ? name is "clear" or "pop" or "popitem" or "setdefault" or "update"
        : name is not ("popitem" or "setdefault" or "update");

    private static JinjaValue? Cycler(CyclerValue cycler, string name) => name switch
    {
        "current" => cycler.Current,
        "next" => new FunctionValue(name, (_, _) => cycler.Next()),
        "reset" => new FunctionValue(name, (_, _) =>
        {
            cycler.Reset();
            return NoneValue.Instance;
        }),
        _ => null,
    };

    private static int? IndexIn(int length, long index)
    {
        long at = index < 0 ? index + length : index;
        return at >= 0 && at < length ? (int)at : null;
    }

    private static UndefinedValue NoElement(JinjaValue target, long index) => new($"{target.TypeName} object has no element {index}");

    private static UndefinedValue Missing(JinjaValue target, StringValue name) => new($"'{target.TypeName} object' has no attribute {name.Shown()}");
}
