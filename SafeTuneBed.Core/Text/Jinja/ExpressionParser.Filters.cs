namespace SafeTuneBed.Text.Jinja;

/// <summary>Filters and tests.</summary>
internal sealed partial class ExpressionParser
{
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
