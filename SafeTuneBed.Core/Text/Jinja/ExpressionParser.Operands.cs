using System.Text;

namespace SafeTuneBed.Text.Jinja;

/// <summary>Literals, names, calls, subscripts, filters and tests.</summary>
internal sealed partial class ExpressionParser
{
    /// <summary>What <c>set</c>, <c>for</c> and <c>with</c> assign to: a name, or a tuple of names; an attribute where a namespace may be set.</summary>
    public ExpressionNode ParseTarget(bool tuple = true, bool attribute = false, string? end = null)
    {
        Token start = stream.Current;
        if (attribute && start.Kind == TokenKind.Name && stream.Next.IsOperator("."))
        {
            stream.Take();
            stream.Take();
            Token name = stream.Expect(TokenKind.Name, "the name of an attribute");
            return new AttributeNode(start.Position, new NameNode(start.Position, start.Text), new StringValue(name.Text));
        }

        List<ExpressionNode> items = [ParseTargetItem()];
        bool isTuple = false;
        while (tuple && stream.TakeOperator(","))
        {
            isTuple = true;
            if (IsTupleEnd(end) || stream.Current.IsOperator("="))
            {
                break;
            }

            items.Add(ParseTargetItem());
        }

        return isTuple ? new SequenceNode(start.Position, SequenceKind.Tuple, items) : items[0];
    }

    /// <summary>The name of a target that can be nothing else.</summary>
    public string ParseTargetName()
    {
        Token token = stream.Expect(TokenKind.Name, "a name");
        return Constant(token) is null ? token.Text : throw stream.Fault(token.Position, $"'{token.Text}' is a constant and can't be assigned to.");
    }

    /// <summary><c>|name(...)|name...</c>, without the first bar: the head of a filter block.</summary>
    public FilterNode ParseFilterHead()
    {
        ExpressionNode node = ParseFilter(null);
        while (stream.TakeOperator("|"))
        {
            node = ParseFilter(node);
        }

        return (FilterNode)node;
    }

    /// <summary>Arguments in parentheses.</summary>
    public ArgumentNodes ParseArguments()
    {
        stream.ExpectOperator("(");
        List<ExpressionNode> positional = [];
        List<(string, ExpressionNode)> named = [];
        ExpressionNode? morePositional = null;
        ExpressionNode? moreNamed = null;
        for (bool first = true; !stream.Current.IsOperator(")"); first = false)
        {
            if (!first)
            {
                stream.ExpectOperator(",");
                if (stream.Current.IsOperator(")"))
                {
                    break;
                }
            }

            int position = stream.Current.Position;
            if (morePositional is null && moreNamed is null && stream.TakeOperator("*"))
            {
                morePositional = Parse();
            }
            else if (moreNamed is null && stream.TakeOperator("**"))
            {
                moreNamed = Parse();
            }
            else if (moreNamed is null && stream.Current.Kind == TokenKind.Name && stream.Next.IsOperator("="))
            {
                string name = stream.Take().Text;
                stream.Take();
                named.Add((name, Parse()));
            }
            else if (named.Count == 0 && morePositional is null && moreNamed is null)
            {
                positional.Add(Parse());
            }
            else
            {
                throw stream.Fault(position, "this argument can't follow the ones before it. Write positional arguments first, then named ones, then * and **.");
            }
        }

        stream.ExpectOperator(")");
        return new ArgumentNodes(positional, named, morePositional, moreNamed);
    }

    private ExpressionNode ParseTargetItem()
    {
        Token token = stream.Current;
        if (stream.TakeOperator("("))
        {
            stream.Enter();
            ExpressionNode inner = ParseTarget();
            stream.Leave();
            stream.ExpectOperator(")");
            return inner;
        }

        return new NameNode(token.Position, ParseTargetName());
    }

    private ExpressionNode ParsePrimary()
    {
        Token token = stream.Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                stream.Take();
                return Constant(token) is { } constant ? new ConstantNode(token.Position, constant) : ReadName(token);
            case TokenKind.Text:
                return ParseText();
            case TokenKind.Number:
                stream.Take();
                return new ConstantNode(token.Position, token.Number!);
            case TokenKind.Operator when stream.TakeOperator("("):
                stream.Enter();
                ExpressionNode inner = ParseTuple(inBrackets: true);
                stream.Leave();
                stream.ExpectOperator(")");
                return inner;
            case TokenKind.Operator when stream.TakeOperator("["):
                return ParseList(token.Position);
            case TokenKind.Operator when stream.TakeOperator("{"):
                return ParseDictionary(token.Position);
            default:
                throw stream.Expected("an expression");
        }
    }

    private NameNode ReadName(Token token)
    {
        if (usedNames.TryPeek(out HashSet<string>? used))
        {
            used.Add(token.Text);
        }

        return new NameNode(token.Position, token.Text);
    }

    private static JinjaValue? Constant(Token token) => token.Text switch
    {
        "true" or "True" => BooleanValue.True,
        "false" or "False" => BooleanValue.False,
        "none" or "None" => NoneValue.Instance,
        _ => null,
    };

    private ConstantNode ParseText()
    {
        Token first = stream.Take();
        if (stream.Current.Kind != TokenKind.Text)
        {
            return new ConstantNode(first.Position, new StringValue(first.Text));
        }

        StringBuilder all = new(first.Text);
        while (stream.Current.Kind == TokenKind.Text)
        {
            all.Append(stream.Take().Text);
        }

        return new ConstantNode(first.Position, new StringValue(all.ToString()));
    }

    private SequenceNode ParseList(int position)
    {
        List<ExpressionNode> items = [];
        while (!stream.TakeOperator("]"))
        {
            if (items.Count > 0)
            {
                stream.ExpectOperator(",");
                if (stream.TakeOperator("]"))
                {
                    break;
                }
            }

            items.Add(Parse());
        }

        return new SequenceNode(position, SequenceKind.List, items);
    }

    private DictionaryNode ParseDictionary(int position)
    {
        List<(ExpressionNode, ExpressionNode)> entries = [];
        while (!stream.TakeOperator("}"))
        {
            if (entries.Count > 0)
            {
                stream.ExpectOperator(",");
                if (stream.TakeOperator("}"))
                {
                    break;
                }
            }

            ExpressionNode key = Parse();
            stream.ExpectOperator(":");
            entries.Add((key, Parse()));
        }

        return new DictionaryNode(position, entries);
    }

    private ExpressionNode ParsePostfix(ExpressionNode node)
    {
        while (true)
        {
            Token token = stream.Current;
            if (stream.TakeOperator("."))
            {
                Token name = stream.Take();
                node = name switch
                {
                    { Kind: TokenKind.Name } => new AttributeNode(token.Position, node, new StringValue(name.Text)),
                    { Kind: TokenKind.Number, Number: IntegerValue index } => new ItemNode(token.Position, node, new ConstantNode(name.Position, index)),
                    _ => throw stream.Fault(name.Position, "the name of an attribute is expected after '.'."),
                };
            }
            else if (stream.TakeOperator("["))
            {
                node = ParseSubscript(token.Position, node);
            }
            else if (token.IsOperator("("))
            {
                node = new CallNode(token.Position, node, ParseArguments());
            }
            else
            {
                return node;
            }
        }
    }

    private ExpressionNode ParseSubscript(int position, ExpressionNode target)
    {
        ExpressionNode? start = stream.Current.IsOperator(":") ? null : ParseTuple(end: null);
        if (!stream.TakeOperator(":"))
        {
            stream.ExpectOperator("]");
            return new ItemNode(position, target, start!);
        }

        ExpressionNode? stop = stream.Current.IsOperator(":") || stream.Current.IsOperator("]") ? null : Parse();
        ExpressionNode? step = stream.TakeOperator(":") && !stream.Current.IsOperator("]") ? Parse() : null;
        stream.ExpectOperator("]");
        return new SliceNode(position, target, start, stop, step);
    }

    private ExpressionNode ParseFiltersAndTests(ExpressionNode node)
    {
        while (true)
        {
            Token token = stream.Current;
            if (stream.TakeOperator("|"))
            {
                node = ParseFilter(node);
            }
            else if (stream.TakeName("is"))
            {
                node = ParseTest(token.Position, node);
            }
            else if (token.IsOperator("("))
            {
                node = new CallNode(token.Position, node, ParseArguments());
            }
            else
            {
                return node;
            }
        }
    }

    private FilterNode ParseFilter(ExpressionNode? input)
    {
        int position = stream.Current.Position;
        string name = ParseDottedName("the name of a filter");
        Note(FilterTable.Problem(name), position);
        return new FilterNode(position, input, name, stream.Current.IsOperator("(") ? ParseArguments() : ArgumentNodes.None);
    }

    private ExpressionNode ParseTest(int position, ExpressionNode input)
    {
        bool negated = stream.TakeName("not");
        string name = ParseDottedName("the name of a test");
        Note(TestTable.Problem(name), position);
        ArgumentNodes arguments = ArgumentNodes.None;
        Token token = stream.Current;
        if (token.IsOperator("("))
        {
            arguments = ParseArguments();
        }
        else if (token.Kind is TokenKind.Text or TokenKind.Number || (token.Kind == TokenKind.Operator && token.Text is "[" or "{")
            || (token.Kind == TokenKind.Name && token.Text is not ("else" or "or" or "and")))
        {
            if (token.IsName("is"))
            {
                throw stream.Fault("tests can't follow one another. Put the first into parentheses.");
            }

            arguments = ArgumentNodes.None with { Positional = [ParsePostfix(ParsePrimary())] };
        }

        ExpressionNode test = new TestNode(position, input, name, arguments);
        return negated ? new NotNode(position, test) : test;
    }

    private string ParseDottedName(string what)
    {
        string name = stream.Expect(TokenKind.Name, what).Text;
        while (stream.TakeOperator("."))
        {
            name += "." + stream.Expect(TokenKind.Name, what).Text;
        }

        return name;
    }

    private void Note(string? problem, int position)
    {
        if (problem is not null && ConditionalDepth == 0)
        {
            unknown.Add((position, problem));
        }
    }
}
