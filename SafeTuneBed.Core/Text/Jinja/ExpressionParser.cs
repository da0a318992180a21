namespace SafeTuneBed.Text.Jinja;

/// <summary>
/// Reads expressions. From loosest to tightest: <c>if else</c>, <c>or</c>, <c>and</c>, <c>not</c>, comparisons, <c>+ -</c>, <c>~</c>, <c>* / // %</c>,
/// <c>**</c>, signs; then filters and tests, which therefore bind tighter than any operator, as in Jinja.
/// </summary>
internal sealed partial class ExpressionParser(TokenStream stream)
{
    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];

    private readonly Stack<HashSet<string>> usedNames = [];

    // Unknown filters and tests outside of branches.
    private readonly List<(int Position, string Problem)> unknown = [];

    /// <summary>Above 0 within branches: there Jinja complains of an unknown filter only when it is reached.</summary>
    public int ConditionalDepth { get; set; }

    /// <summary>Complains of filters and tests that don't exist, once it is known that they stand in no branch.</summary>
    public void RequireKnownNames()
    {
        if (unknown.Count > 0)
        {
            throw stream.Fault(unknown[0].Position, unknown[0].Problem);
        }
    }

    /// <summary>Begins to note the names that are read.</summary>
    public void BeginUses() => usedNames.Push([]);

    /// <summary>The names read since the matching <see cref="BeginUses"/>.</summary>
    public HashSet<string> EndUses()
    {
        HashSet<string> used = usedNames.Pop();
        if (usedNames.TryPeek(out HashSet<string>? outer))
        {
            outer.UnionWith(used);
        }

        return used;
    }

    /// <summary>An expression; without <paramref name="conditional"/>, a following <c>if</c> is left to the caller.</summary>
    public ExpressionNode Parse(bool conditional = true)
    {
        stream.Enter();
        ExpressionNode result = conditional ? ParseConditional() : ParseOr();
        stream.Leave();
        return result;
    }

    /// <summary>One expression, or several with commas, which make a tuple.</summary>
    public ExpressionNode ParseTuple(bool conditional = true, bool inBrackets = false, string? end = null)
    {
        int position = stream.Current.Position;
        List<ExpressionNode> items = [];
        while (true)
        {
            if (IsTupleEnd(end))
            {
                return items.Count > 0 || inBrackets ? new SequenceNode(position, SequenceKind.Tuple, items) : throw stream.Expected("an expression");
            }

            items.Add(Parse(conditional));
            if (!stream.TakeOperator(","))
            {
                return items.Count == 1 ? items[0] : new SequenceNode(position, SequenceKind.Tuple, items);
            }
        }
    }

    private bool IsTupleEnd(string? end) =>
        stream.Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd || stream.Current.IsOperator(")") || (end is not null && stream.Current.IsName(end));

    private ExpressionNode ParseConditional()
    {
        int position = stream.Current.Position;
        int known = unknown.Count;
        ExpressionNode result = ParseOr();
        while (stream.TakeName("if"))
        {
            unknown.RemoveRange(known, unknown.Count - known);
            ConditionalDepth++;
            ExpressionNode condition = ParseOr();
            ExpressionNode? otherwise = stream.TakeName("else") ? Parse() : null;
            ConditionalDepth--;
            result = new ConditionalNode(position, condition, result, otherwise);
        }

        return result;
    }

    private ExpressionNode ParseOr()
    {
        ExpressionNode left = ParseAnd();
        while (stream.Current is var token && stream.TakeName("or"))
        {
            left = new LogicNode(token.Position, false, left, ParseAnd());
        }

        return left;
    }

    private ExpressionNode ParseAnd()
    {
        ExpressionNode left = ParseNot();
        while (stream.Current is var token && stream.TakeName("and"))
        {
            left = new LogicNode(token.Position, true, left, ParseNot());
        }

        return left;
    }

    private ExpressionNode ParseNot()
    {
        Token token = stream.Current;
        if (!stream.TakeName("not"))
        {
            return ParseComparison();
        }

        stream.Enter();
        ExpressionNode operand = ParseNot();
        stream.Leave();
        return new NotNode(token.Position, operand);
    }

    private ExpressionNode ParseComparison()
    {
        Token start = stream.Current;
        ExpressionNode first = ParseSum();
        List<(string, ExpressionNode)> links = [];
        while (true)
        {
            Token token = stream.Current;
            if (token.Kind == TokenKind.Operator && Comparisons.Contains(token.Text))
            {
                stream.Take();
                links.Add((token.Text, ParseSum()));
            }
            else if (stream.TakeName("in"))
            {
                links.Add(("in", ParseSum()));
            }
            else if (token.IsName("not") && stream.Next.IsName("in"))
            {
                stream.Take();
                stream.Take();
                links.Add(("not in", ParseSum()));
            }
            else
            {
                return links.Count == 0 ? first : new ComparisonNode(start.Position, first, links);
            }
        }
    }

    private ExpressionNode ParseSum()
    {
        ExpressionNode left = ParseConcatenation();
        while (stream.Current is { Kind: TokenKind.Operator, Text: "+" or "-" })
        {
            Token token = stream.Take();
            left = new ArithmeticNode(token.Position, token.Text, left, ParseConcatenation());
        }

        return left;
    }

    private ExpressionNode ParseConcatenation()
    {
        Token start = stream.Current;
        List<ExpressionNode> parts = [ParseProduct()];
        while (stream.TakeOperator("~"))
        {
            parts.Add(ParseProduct());
        }

        return parts.Count == 1 ? parts[0] : new ConcatenationNode(start.Position, parts);
    }

    private ExpressionNode ParseProduct()
    {
        ExpressionNode left = ParsePower();
        while (stream.Current is { Kind: TokenKind.Operator, Text: "*" or "/" or "//" or "%" })
        {
            Token token = stream.Take();
            left = new ArithmeticNode(token.Position, token.Text, left, ParsePower());
        }

        return left;
    }

    // Unlike Python, Jinja reads powers from the left and a sign before them: -2 ** 2 is 4.
    private ExpressionNode ParsePower()
    {
        ExpressionNode left = ParseUnary();
        while (stream.Current is var token && stream.TakeOperator("**"))
        {
            left = new ArithmeticNode(token.Position, "**", left, ParseUnary());
        }

        return left;
    }

    private ExpressionNode ParseUnary(bool filters = true)
    {
        Token token = stream.Current;
        ExpressionNode node;
        if (token is { Kind: TokenKind.Operator, Text: "-" or "+" })
        {
            stream.Take();
            stream.Enter();
            node = new SignNode(token.Position, token.Text == "-", ParseUnary(false));
            stream.Leave();
        }
        else
        {
            node = ParsePrimary();
        }

        node = ParsePostfix(node);
        return filters ? ParseFiltersAndTests(node) : node;
    }
}
