using System.Text;

namespace SafeTuneBed.Text.Jinja;

/// <summary>Literals, names, calls and subscripts.</summary>
internal sealed partial class ExpressionParser
{
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
}
