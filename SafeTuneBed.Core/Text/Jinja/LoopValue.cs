namespace SafeTuneBed.Text.Jinja;

/// <summary>The variable <c>loop</c>. Reads its items only as far as it is asked, since a loop's filter may depend on what the rounds do.</summary>
internal sealed class LoopValue(IEnumerable<JinjaValue> items, ForNode node, Scope scope, int depth, RenderBudget budget) : CallableValue
{
    private readonly IEnumerator<JinjaValue> source = items.GetEnumerator();
    private readonly List<JinjaValue> read = [];
    private JinjaValue? lastChanged;

    // Index of the current round; -1 before the first.
    private int index = -1;

    public override string TypeName => "LoopContext";

    public JinjaValue Current => read[index];

    public bool MoveNext()
    {
        index++;
        return Has(index);
    }

    /// <summary>An attribute, or null.</summary>
    public JinjaValue? Find(string name) => name switch
    {
        "index" => Of(index + 1),
        "index0" => Of(index),
        "first" => Of(index == 0),
        "last" => Of(!Has(index + 1)),
        "length" => Of(CountAll()),
        "revindex" => Of(CountAll() - index),
        "revindex0" => Of(CountAll() - index - 1),
        "previtem" => index > 0 ? read[index - 1] : new UndefinedValue("there is no previous item"),
        "nextitem" => Has(index + 1) ? read[index + 1] : new UndefinedValue("there is no next item"),
        "depth" => Of(depth + 1),
        "depth0" => Of(depth),
        "cycle" => new FunctionValue(name, (_, arguments) => arguments.Positional.Count > 0
            ? arguments.Positional[index % arguments.Positional.Count]
            : throw new TemplateFault("cycle needs an item.")),
        "changed" => new FunctionValue(name, (_, arguments) => Of(HasChanged(SequenceValue.Tuple(arguments.Positional)))),
        _ => null,
    };

    public override JinjaValue Call(Evaluator evaluator, CallArguments arguments)
    {
        JinjaValue inner = arguments.Named("loop").Bind(1, "iterable")[0]!;
        return node.IsRecursive
            ? evaluator.CaptureLoop(node, inner, scope, depth + 1)
            : throw new TemplateFault("only a recursive loop can be called. Write 'recursive' at the end of its 'for'.");
    }

    private bool HasChanged(JinjaValue value)
    {
        bool changed = lastChanged is null || !Comparison.AreEqual(lastChanged, value, budget);
        lastChanged = value;
        return changed;
    }

    private int CountAll()
    {
        while (Has(read.Count))
        {
        }

        return read.Count;
    }

    private bool Has(int at)
    {
        while (read.Count <= at)
        {
            if (!source.MoveNext())
            {
                return false;
            }

            read.Add(source.Current);
        }

        return true;
    }
}
