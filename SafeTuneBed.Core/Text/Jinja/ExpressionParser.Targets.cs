namespace SafeTuneBed.Text.Jinja;

/// <summary>What is assigned to, and arguments.</summary>
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
}
