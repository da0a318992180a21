namespace SafeTuneBed.Text.Jinja;

/// <summary>Something that can be called.</summary>
internal abstract class CallableValue : JinjaValue
{
    public abstract JinjaValue Call(Evaluator evaluator, CallArguments arguments);
}

/// <summary>A function or bound method of the library.</summary>
internal sealed class FunctionValue(string name, Func<Evaluator, CallArguments, JinjaValue> body) : CallableValue
{
    public override string TypeName => $"function {name}";

    public override JinjaValue Call(Evaluator evaluator, CallArguments arguments) => body(evaluator, arguments.Named(name));
}

/// <summary>A macro or the body of a call block, with the scope in which it was written.</summary>
internal sealed class MacroValue(MacroNode node, Scope scope) : CallableValue
{
    public MacroNode Node => node;

    public Scope Scope => scope;

    public override string TypeName => $"Macro '{node.Name}'";

    public override JinjaValue Call(Evaluator evaluator, CallArguments arguments) => evaluator.CallMacro(this, arguments);
}

/// <summary><c>namespace()</c>: the one thing that templates can change.</summary>
internal sealed class NamespaceValue : JinjaValue
{
    private readonly Dictionary<string, JinjaValue> attributes = [];
    private readonly List<string> order = [];

    public override string TypeName => "Namespace";

    public JinjaValue? Find(string name) => attributes.GetValueOrDefault(name);

    public void Set(string name, JinjaValue value)
    {
        if (!attributes.ContainsKey(name))
        {
            order.Add(name);
        }

        attributes[name] = value;
    }

    public DictionaryValue ToDictionary()
    {
        DictionaryValue result = new();
        order.ForEach(name => result.Set(name, attributes[name]));
        return result;
    }
}

/// <summary><c>cycler(...)</c>: gives its items in turn.</summary>
internal sealed class CyclerValue(IReadOnlyList<JinjaValue> items) : JinjaValue
{
    private int at;

    public override string TypeName => "Cycler";

    public JinjaValue Current => items[at];

    public JinjaValue Next()
    {
        JinjaValue current = Current;
        at = (at + 1) % items.Count;
        return current;
    }

    public void Reset() => at = 0;
}

/// <summary><c>joiner(sep)</c>: nothing at the first call, the separator from then on.</summary>
internal sealed class JoinerValue(JinjaValue separator) : CallableValue
{
    private bool used;

    public override string TypeName => "Joiner";

    public override JinjaValue Call(Evaluator evaluator, CallArguments arguments)
    {
        arguments.Bind(0);
        bool first = !used;
        used = true;
        return first ? StringValue.Empty : separator;
    }
}
