namespace SafeTuneBed.Text.Jinja;

/// <summary>How a body ended.</summary>
internal enum Flow
{
    Normal,
    Break,
    Continue,
}

/// <summary>Runs a template once: statements here, expressions in the other half. After a fault it is of no further use.</summary>
internal sealed partial class Evaluator(RenderBudget budget, TimeProvider? clock)
{
    private TracedBuilder output = new(budget);

    public RenderBudget Budget => budget;

    /// <summary>Where the template was when it last did something that may fail.</summary>
    public int Position { get; private set; }

    /// <summary>What has been written.</summary>
    public IReadOnlyList<TextSegment> Segments => output.ToSegments();

    /// <summary>Runs statements.</summary>
    public Flow Execute(IReadOnlyList<StatementNode> body, Scope scope)
    {
        budget.Enter();
        foreach (StatementNode statement in body)
        {
            budget.Step();
            Position = statement.Position;
            Flow flow = Execute(statement, scope);
            if (flow != Flow.Normal)
            {
                budget.Leave();
                return flow;
            }
        }

        budget.Leave();
        return Flow.Normal;
    }

    /// <summary>What a body writes, as a value.</summary>
    public StringValue Capture(IReadOnlyList<StatementNode> body, Scope scope) => Capture(() => Execute(body, scope));

    /// <summary>What a loop within itself writes.</summary>
    public StringValue CaptureLoop(ForNode node, JinjaValue items, Scope scope, int depth) => Capture(() => ExecuteLoop(node, items, scope, depth));

    /// <summary>Calls a macro: what it writes is its value.</summary>
    public JinjaValue CallMacro(MacroValue macro, CallArguments arguments) => Capture(macro.Node.Body, MacroScope.Bind(this, macro, arguments));

    /// <summary>Runs a loop's rounds; <paramref name="depth"/> counts loops that called themselves.</summary>
    public Flow ExecuteLoop(ForNode node, JinjaValue items, Scope scope, int depth)
    {
        LoopValue loop = new(Rounds(node, items.RequireItems(budget), scope), node, scope, depth, budget);
        bool completed = false;
        while (loop.MoveNext())
        {
            Scope round = new(scope);
            round.Set("loop", loop);
            Assign(node.Target, loop.Current, round);
            Flow flow = Execute(node.Body, round);
            completed |= flow == Flow.Normal;
            if (flow == Flow.Break)
            {
                break;
            }
        }

        // As in Jinja, a round that was broken off does not count as one that ran.
        return completed ? Flow.Normal : Execute(node.Else, new Scope(scope));
    }

    private StringValue Capture(Func<Flow> run)
    {
        TracedBuilder outer = output;
        output = new TracedBuilder(budget);
        run();
        StringValue captured = output.ToValue();
        output = outer;
        return captured;
    }

    private Flow Execute(StatementNode statement, Scope scope)
    {
        switch (statement)
        {
            case DataNode data:
                output.Append(data.Text);
                return Flow.Normal;
            case OutputNode node:
                output.Append(PythonText.ToText(Evaluate(node.Value, scope), budget));
                return Flow.Normal;
            case IfNode node:
                return ExecuteIf(node, scope);
            case ForNode node:
                return ExecuteLoop(node, Evaluate(node.Items, scope), scope, 0);
            case JumpNode jump:
                return jump.IsBreak ? Flow.Break : Flow.Continue;
            case WithNode node:
                return ExecuteWith(node, scope);
            case SetNode node:
                Assign(node.Target, Evaluate(node.Value, scope), scope);
                return Flow.Normal;
            case SetBlockNode node:
                JinjaValue text = Capture(node.Body, new Scope(scope));
                Assign(node.Target, node.Filter is null ? text : ApplyFilters(node.Filter, text, scope), scope);
                return Flow.Normal;
            case MacroNode node:
                scope.Set(node.Name, new MacroValue(node, scope));
                return Flow.Normal;
            case CallBlockNode node:
                output.Append(PythonText.ToText(Call(node.Call, scope, new MacroValue(node.Caller, scope)), budget));
                return Flow.Normal;
            case FilterBlockNode node:
                output.Append(PythonText.ToText(ApplyFilters(node.Filter, Capture(node.Body, new Scope(scope)), scope), budget));
                return Flow.Normal;
            case BlockNode node:
                return Execute(node.Body, new Scope(scope));
            default:
                throw new InvalidOperationException($"No case for {statement.GetType().Name}.");
        }
    }

    private Flow ExecuteIf(IfNode node, Scope scope)
    {
        foreach ((ExpressionNode condition, IReadOnlyList<StatementNode> body) in node.Branches)
        {
            if (Evaluate(condition, scope).IsTrue)
            {
                return Execute(body, scope);
            }
        }

        return Execute(node.Else, scope);
    }

    private Flow ExecuteWith(WithNode node, Scope scope)
    {
        Scope inner = new(scope);
        foreach ((ExpressionNode target, ExpressionNode value) in node.Bindings)
        {
            Assign(target, Evaluate(value, scope), inner);
        }

        return Execute(node.Body, inner);
    }

    private IEnumerable<JinjaValue> Rounds(ForNode node, IEnumerable<JinjaValue> items, Scope scope)
    {
        foreach (JinjaValue item in items)
        {
            budget.Step();
            if (node.Filter is not null)
            {
                Scope test = new(scope);
                Assign(node.Target, item, test);
                if (!Evaluate(node.Filter, test).IsTrue)
                {
                    continue;
                }
            }

            yield return item;
        }
    }

    private void Assign(ExpressionNode target, JinjaValue value, Scope scope)
    {
        Position = target.Position;
        switch (target)
        {
            case NameNode name:
                scope.Set(name.Name, value);
                break;
            case AttributeNode { Target: NameNode owner } attribute:
                if (scope.Find(owner.Name) is not NamespaceValue space)
                {
                    throw new TemplateFault($"'{owner.Name}' is no namespace, so its attributes can't be set. Create it with '{{% set {owner.Name} = namespace() %}}'.");
                }

                space.Set(attribute.Name.Text, value);
                break;
            case SequenceNode tuple:
                // One more than needed shows that there are too many.
                List<JinjaValue> parts = [.. value.RequireItems(budget).Take(tuple.Items.Count + 1)];
                if (parts.Count != tuple.Items.Count)
                {
                    throw new TemplateFault($"{tuple.Items.Count} names can't take the items of a {value.TypeName} that has {(parts.Count < tuple.Items.Count ? "fewer" : "more")}.");
                }

                for (int i = 0; i < parts.Count; i++)
                {
                    Assign(tuple.Items[i], parts[i], scope);
                }

                break;
        }
    }
}
