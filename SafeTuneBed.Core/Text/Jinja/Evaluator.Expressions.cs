namespace SafeTuneBed.Text.Jinja;

/// <summary>Expressions.</summary>
internal sealed partial class Evaluator
{
    /// <summary>The value of an expression.</summary>
    public JinjaValue Evaluate(ExpressionNode node, Scope scope)
    {
        budget.Enter();
        budget.Step();
        JinjaValue value = node switch
        {
            ConstantNode constant => constant.Value,
            NameNode name => Resolve(name, scope),
            AttributeNode attribute => EvaluateAttribute(attribute, scope),
            ItemNode item => EvaluateItem(item, scope),
            SliceNode slice => EvaluateSlice(slice, scope),
            CallNode call => Call(call, scope, null),
            FilterNode filter => EvaluateFilter(filter, scope),
            TestNode test => EvaluateTest(test, scope),
            ComparisonNode comparison => JinjaValue.Of(EvaluateComparison(comparison, scope)),
            ConditionalNode conditional => EvaluateConditional(conditional, scope),
            LogicNode logic => EvaluateLogic(logic, scope),
            NotNode not => JinjaValue.Of(!Evaluate(not.Operand, scope).IsTrue),
            ArithmeticNode arithmetic => EvaluateArithmetic(arithmetic, scope),
            ConcatenationNode concatenation => EvaluateConcatenation(concatenation, scope),
            SignNode sign => EvaluateSign(sign, scope),
            SequenceNode sequence => EvaluateSequence(sequence, scope),
            DictionaryNode dictionary => EvaluateDictionary(dictionary, scope),
            _ => throw new InvalidOperationException($"No case for {node.GetType().Name}."),
        };
        budget.Leave();
        return value;
    }

    /// <summary>Calls a value.</summary>
    public JinjaValue Call(JinjaValue callee, CallArguments arguments)
    {
        if (callee is not CallableValue callable)
        {
            throw (callee as UndefinedValue)?.Fault() ?? new TemplateFault($"a value of type {callee.TypeName} can't be called.");
        }

        budget.Enter();
        JinjaValue result = callable.Call(this, arguments);
        budget.Leave();
        return result;
    }

    private JinjaValue Resolve(NameNode node, Scope scope)
    {
        Position = node.Position;
        return scope.Find(node.Name) ?? GlobalFunctions.Find(node.Name, clock)
            ?? new UndefinedValue(node.Name == GlobalFunctions.Now ? $"'{node.Name}' is undefined because no clock was given" : $"'{node.Name}' is undefined");
    }

    private JinjaValue EvaluateAttribute(AttributeNode node, Scope scope)
    {
        JinjaValue target = Evaluate(node.Target, scope);
        Position = node.Position;
        return Lookup.Attribute(target, node.Name);
    }

    private JinjaValue EvaluateItem(ItemNode node, Scope scope)
    {
        JinjaValue target = Evaluate(node.Target, scope);
        JinjaValue key = Evaluate(node.Key, scope);
        Position = node.Position;
        return Lookup.Item(target, key);
    }

    private JinjaValue EvaluateSlice(SliceNode node, Scope scope)
    {
        JinjaValue target = Evaluate(node.Target, scope);
        JinjaValue? start = node.Start is null ? null : Evaluate(node.Start, scope);
        JinjaValue? stop = node.Stop is null ? null : Evaluate(node.Stop, scope);
        JinjaValue? step = node.Step is null ? null : Evaluate(node.Step, scope);
        Position = node.Position;
        return Slicing.Slice(target, start, stop, step, budget);
    }

    private JinjaValue Call(CallNode node, Scope scope, MacroValue? caller)
    {
        JinjaValue callee = Evaluate(node.Callee, scope);
        CallArguments arguments = EvaluateArguments("", node.Arguments, scope, caller);
        Position = node.Position;
        return Call(callee, arguments);
    }

    private JinjaValue EvaluateFilter(FilterNode node, Scope scope)
    {
        JinjaValue input = Evaluate(node.Input!, scope);
        return ApplyFilter(node, input, scope);
    }

    // The head of a filter block: its innermost filter has no input, what the block wrote takes that place.
    private JinjaValue ApplyFilters(FilterNode node, JinjaValue text, Scope scope)
    {
        budget.Enter();
        JinjaValue input = node.Input is FilterNode inner ? ApplyFilters(inner, text, scope) : text;
        JinjaValue result = ApplyFilter(node, input, scope);
        budget.Leave();
        return result;
    }

    private JinjaValue ApplyFilter(FilterNode node, JinjaValue input, Scope scope)
    {
        CallArguments arguments = EvaluateArguments(node.Name, node.Arguments, scope, null);
        Position = node.Position;
        return FilterTable.Find(node.Name)(this, input, arguments);
    }

    private JinjaValue EvaluateTest(TestNode node, Scope scope)
    {
        JinjaValue input = Evaluate(node.Input, scope);
        CallArguments arguments = EvaluateArguments(node.Name, node.Arguments, scope, null);
        Position = node.Position;
        return JinjaValue.Of(TestTable.Find(node.Name)(this, input, arguments));
    }

    private CallArguments EvaluateArguments(string callee, ArgumentNodes nodes, Scope scope, MacroValue? caller)
    {
        if (ReferenceEquals(nodes, ArgumentNodes.None) && caller is null)
        {
            return CallArguments.Of(callee);
        }

        List<JinjaValue> positional = [.. nodes.Positional.Select(argument => Evaluate(argument, scope))];
        List<KeyValuePair<string, JinjaValue>> named = [.. nodes.Named.Select(argument => KeyValuePair.Create(argument.Name, Evaluate(argument.Value, scope)))];
        if (nodes.MorePositional is not null)
        {
            positional.AddRange(Evaluate(nodes.MorePositional, scope).RequireItems(budget));
            budget.Items(positional.Count);
        }

        if (nodes.MoreNamed is not null)
        {
            if (Evaluate(nodes.MoreNamed, scope) is not DictionaryValue more)
            {
                throw new TemplateFault("what follows '**' must be a dictionary.");
            }

            budget.Items(more.Entries.Count);
            named.AddRange(more.Entries.Select(entry => KeyValuePair.Create(
                entry.Key is StringValue { HasContent: false } name ? name.Text : throw new TemplateFault("the keys of what follows '**' must be texts of the template."), entry.Value)));
        }

        if (caller is not null)
        {
            named.Add(KeyValuePair.Create("caller", (JinjaValue)caller));
        }

        if (named.Count > 1 && named.DistinctBy(argument => argument.Key).Count() < named.Count)
        {
            throw new TemplateFault("an argument is given twice.");
        }

        return new CallArguments(callee, positional, named);
    }

    private bool EvaluateComparison(ComparisonNode node, Scope scope)
    {
        JinjaValue left = Evaluate(node.First, scope);
        foreach ((string symbol, ExpressionNode operand) in node.Links)
        {
            JinjaValue right = Evaluate(operand, scope);
            Position = node.Position;
            bool holds = symbol switch
            {
                "==" => Comparison.AreEqual(left, right, budget),
                "!=" => !Comparison.AreEqual(left, right, budget),
                "in" => Comparison.Contains(right, left, budget),
                "not in" => !Comparison.Contains(right, left, budget),
                _ => Comparison.IsOrdered(symbol, left, right, budget),
            };
            if (!holds)
            {
                return false;
            }

            left = right;
        }

        return true;
    }

    private JinjaValue EvaluateConditional(ConditionalNode node, Scope scope)
    {
        if (Evaluate(node.Condition, scope).IsTrue)
        {
            return Evaluate(node.Then, scope);
        }

        return node.Else is null ? new UndefinedValue("the 'if' within an expression was false and has no 'else'") : Evaluate(node.Else, scope);
    }

    private JinjaValue EvaluateLogic(LogicNode node, Scope scope)
    {
        JinjaValue left = Evaluate(node.Left, scope);
        return left.IsTrue == node.IsAnd ? Evaluate(node.Right, scope) : left;
    }

    private JinjaValue EvaluateArithmetic(ArithmeticNode node, Scope scope)
    {
        JinjaValue left = Evaluate(node.Left, scope);
        JinjaValue right = Evaluate(node.Right, scope);
        Position = node.Position;
        return Arithmetic.Calculate(node.Symbol, left, right, this);
    }

    private StringValue EvaluateConcatenation(ConcatenationNode node, Scope scope)
    {
        TracedBuilder builder = new(budget);
        foreach (ExpressionNode part in node.Parts)
        {
            builder.Append(PythonText.ToText(Evaluate(part, scope), budget));
        }

        return builder.ToValue();
    }

    private JinjaValue EvaluateSign(SignNode node, Scope scope)
    {
        JinjaValue operand = Evaluate(node.Operand, scope);
        Position = node.Position;
        if (!Numbers.IsNumber(operand))
        {
            throw (operand as UndefinedValue)?.Fault() ?? new TemplateFault($"a value of type {operand.TypeName} can't have a sign.");
        }

        return node.IsMinus ? Numbers.Negate(operand) : operand is BooleanValue ? JinjaValue.Of(operand.IsTrue ? 1L : 0L) : operand;
    }

    private SequenceValue EvaluateSequence(SequenceNode node, Scope scope)
    {
        budget.Items(node.Items.Count);
        JinjaValue[] items = [.. node.Items.Select(item => Evaluate(item, scope))];
        Position = node.Position;
        return new SequenceValue(node.Kind, items);
    }

    private DictionaryValue EvaluateDictionary(DictionaryNode node, Scope scope)
    {
        DictionaryValue dictionary = new();
        foreach ((ExpressionNode keyNode, ExpressionNode valueNode) in node.Entries)
        {
            JinjaValue key = Evaluate(keyNode, scope);
            JinjaValue value = Evaluate(valueNode, scope);
            Position = node.Position;
            dictionary.Set(key, value);
        }

        _ = dictionary.Nesting;
        return dictionary;
    }
}
