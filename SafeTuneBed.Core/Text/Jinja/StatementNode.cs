namespace SafeTuneBed.Text.Jinja;

/// <summary>A statement of a template.</summary>
internal abstract record StatementNode(int Position);

/// <summary>Text between tags.</summary>
internal sealed record DataNode(int Position, string Text) : StatementNode(Position);

/// <summary><c>{{ ... }}</c>.</summary>
internal sealed record OutputNode(int Position, ExpressionNode Value) : StatementNode(Position);

/// <summary><c>if</c> with its <c>elif</c>s.</summary>
internal sealed record IfNode(int Position, IReadOnlyList<(ExpressionNode Condition, IReadOnlyList<StatementNode> Body)> Branches, IReadOnlyList<StatementNode> Else) : StatementNode(Position);

/// <summary><c>for</c>; <paramref name="Else"/> runs when no round came to its end.</summary>
internal sealed record ForNode(
    int Position, ExpressionNode Target, ExpressionNode Items, ExpressionNode? Filter, bool IsRecursive, IReadOnlyList<StatementNode> Body, IReadOnlyList<StatementNode> Else) : StatementNode(Position);

/// <summary><c>break</c> or <c>continue</c>.</summary>
internal sealed record JumpNode(int Position, bool IsBreak) : StatementNode(Position);

/// <summary><c>set target = value</c>. The target is a name, a tuple of targets, or an attribute of a namespace.</summary>
internal sealed record SetNode(int Position, ExpressionNode Target, ExpressionNode Value) : StatementNode(Position);

/// <summary><c>set target</c> ... <c>endset</c>, perhaps filtered.</summary>
internal sealed record SetBlockNode(int Position, ExpressionNode Target, FilterNode? Filter, IReadOnlyList<StatementNode> Body) : StatementNode(Position);

/// <summary><c>with</c>.</summary>
internal sealed record WithNode(int Position, IReadOnlyList<(ExpressionNode Target, ExpressionNode Value)> Bindings, IReadOnlyList<StatementNode> Body) : StatementNode(Position);

/// <summary><c>macro</c>, or the body of a <c>call</c>. <paramref name="Uses"/> holds which of <c>caller</c>, <c>varargs</c>, <c>kwargs</c> the body reads: only these does it accept.</summary>
internal sealed record MacroNode(
    int Position, string Name, IReadOnlyList<(string Name, ExpressionNode? Default)> Parameters, IReadOnlyList<StatementNode> Body, IReadOnlySet<string> Uses) : StatementNode(Position);

/// <summary><c>call</c>: calls a macro and hands it the body as <c>caller</c>.</summary>
internal sealed record CallBlockNode(int Position, CallNode Call, MacroNode Caller) : StatementNode(Position);

/// <summary><c>filter</c> ... <c>endfilter</c>.</summary>
internal sealed record FilterBlockNode(int Position, FilterNode Filter, IReadOnlyList<StatementNode> Body) : StatementNode(Position);

/// <summary>A body with a scope of its own: <c>generation</c>, by which Hugging Face marks what the assistant says.</summary>
internal sealed record BlockNode(int Position, IReadOnlyList<StatementNode> Body) : StatementNode(Position);
