namespace SafeTuneBed.Text.Jinja;

/// <summary>An expression of a template. <paramref name="Position"/> is where a message shall point.</summary>
internal abstract record ExpressionNode(int Position);

/// <summary>A literal.</summary>
internal sealed record ConstantNode(int Position, JinjaValue Value) : ExpressionNode(Position);

/// <summary>A variable.</summary>
internal sealed record NameNode(int Position, string Name) : ExpressionNode(Position);

/// <summary>A list or tuple in the making.</summary>
internal sealed record SequenceNode(int Position, SequenceKind Kind, IReadOnlyList<ExpressionNode> Items) : ExpressionNode(Position);

/// <summary>A dictionary in the making.</summary>
internal sealed record DictionaryNode(int Position, IReadOnlyList<(ExpressionNode Key, ExpressionNode Value)> Entries) : ExpressionNode(Position);

/// <summary><c>+ - * / // % **</c>.</summary>
internal sealed record ArithmeticNode(int Position, string Symbol, ExpressionNode Left, ExpressionNode Right) : ExpressionNode(Position);

/// <summary>Texts put together by <c>~</c>.</summary>
internal sealed record ConcatenationNode(int Position, IReadOnlyList<ExpressionNode> Parts) : ExpressionNode(Position);

/// <summary><c>and</c>, <c>or</c>: gives one of its operands, as in Python.</summary>
internal sealed record LogicNode(int Position, bool IsAnd, ExpressionNode Left, ExpressionNode Right) : ExpressionNode(Position);

/// <summary><c>not</c>.</summary>
internal sealed record NotNode(int Position, ExpressionNode Operand) : ExpressionNode(Position);

/// <summary>A sign before a number.</summary>
internal sealed record SignNode(int Position, bool IsMinus, ExpressionNode Operand) : ExpressionNode(Position);

/// <summary>Comparisons in a chain, <c>a &lt; b &lt;= c</c>: true if each link is.</summary>
internal sealed record ComparisonNode(int Position, ExpressionNode First, IReadOnlyList<(string Symbol, ExpressionNode Operand)> Links) : ExpressionNode(Position);

/// <summary><c>a if b else c</c>.</summary>
internal sealed record ConditionalNode(int Position, ExpressionNode Condition, ExpressionNode Then, ExpressionNode? Else) : ExpressionNode(Position);

/// <summary><c>a.name</c>: methods come before keys.</summary>
internal sealed record AttributeNode(int Position, ExpressionNode Target, StringValue Name) : ExpressionNode(Position);

/// <summary><c>a[key]</c>: keys come before methods.</summary>
internal sealed record ItemNode(int Position, ExpressionNode Target, ExpressionNode Key) : ExpressionNode(Position);

/// <summary><c>a[start:stop:step]</c>.</summary>
internal sealed record SliceNode(int Position, ExpressionNode Target, ExpressionNode? Start, ExpressionNode? Stop, ExpressionNode? Step) : ExpressionNode(Position);

/// <summary>Arguments as written.</summary>
internal sealed record ArgumentNodes(
    IReadOnlyList<ExpressionNode> Positional, IReadOnlyList<(string Name, ExpressionNode Value)> Named, ExpressionNode? MorePositional, ExpressionNode? MoreNamed)
{
    public static readonly ArgumentNodes None = new([], [], null, null);
}

/// <summary>A call.</summary>
internal sealed record CallNode(int Position, ExpressionNode Callee, ArgumentNodes Arguments) : ExpressionNode(Position);

/// <summary><c>a | filter(...)</c>; without an input it is the head of a filter block.</summary>
internal sealed record FilterNode(int Position, ExpressionNode? Input, string Name, ArgumentNodes Arguments) : ExpressionNode(Position);

/// <summary><c>a is test(...)</c>.</summary>
internal sealed record TestNode(int Position, ExpressionNode Input, string Name, ArgumentNodes Arguments) : ExpressionNode(Position);
