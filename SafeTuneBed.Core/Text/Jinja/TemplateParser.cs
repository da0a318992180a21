namespace SafeTuneBed.Text.Jinja;

/// <summary>Reads the statements of a template.</summary>
internal sealed partial class TemplateParser
{
    private readonly TokenStream stream;
    private readonly ExpressionParser expressions;

    // Loops around the statement within the same body; a jump can't leave a macro or a captured block.
    private int loops;

    // Loops around the statement, whatever lies between.
    private int loopNesting;

    private TemplateParser(TokenStream stream)
    {
        this.stream = stream;
        expressions = new ExpressionParser(stream);
    }

    /// <summary>The whole template.</summary>
    public static IReadOnlyList<StatementNode> Parse(TemplateSource source)
    {
        TemplateParser parser = new(new TokenStream(source, TemplateLexer.Read(source)));
        return parser.ParseStatements([]);
    }

    // Up to a tag whose name is one of the ends; that name is then the current token. Without ends: up to the template's end.
    private List<StatementNode> ParseStatements(string[] ends)
    {
        stream.Enter();
        List<StatementNode> body = [];
        while (true)
        {
            Token token = stream.Take();
            switch (token.Kind)
            {
                case TokenKind.Data:
                    body.Add(new DataNode(token.Position, token.Text));
                    break;
                case TokenKind.VariableBegin:
                    body.Add(new OutputNode(token.Position, expressions.ParseTuple()));
                    expressions.RequireKnownNames();
                    stream.Expect(TokenKind.VariableEnd, "'}}'");
                    break;
                case TokenKind.BlockBegin:
                    if (stream.Current.Kind == TokenKind.Name && ends.Contains(stream.Current.Text))
                    {
                        stream.Leave();
                        return body;
                    }

                    body.AddRange(ParseStatement());
                    expressions.RequireKnownNames();
                    stream.Expect(TokenKind.BlockEnd, "'%}'");
                    break;
                default:
                    stream.Leave();
                    return ends.Length == 0 ? body : throw stream.Expected($"'{{% {ends[^1]} %}}'");
            }
        }
    }

    // A body after its head: '%}', statements, and the end's name, which is taken.
    private List<StatementNode> ParseBody(params string[] ends)
    {
        stream.TakeOperator(":");
        stream.Expect(TokenKind.BlockEnd, "'%}'");
        return ParseStatements(ends);
    }

    private List<StatementNode> ParseClosedBody(string end)
    {
        List<StatementNode> body = ParseBody(end);
        stream.Take();
        return body;
    }

    private List<StatementNode> ParseIsolatedBody(string end)
    {
        int outer = loops;
        loops = 0;
        List<StatementNode> body = ParseClosedBody(end);
        loops = outer;
        return body;
    }

    private IEnumerable<StatementNode> ParseStatement()
    {
        Token tag = stream.Expect(TokenKind.Name, "the name of a statement");
        return tag.Text switch
        {
            "if" => [ParseIf(tag)],
            "for" => [ParseFor(tag)],
            "set" => [ParseSet(tag)],
            "macro" => [ParseMacro(tag)],
            "call" => [ParseCall(tag)],
            "filter" => [new FilterBlockNode(tag.Position, expressions.ParseFilterHead(), ParseIsolatedBody("endfilter"))],
            "with" => [ParseWith(tag)],
            "print" => ParsePrint(tag),
            "generation" => [new BlockNode(tag.Position, ParseIsolatedBody("endgeneration"))],
            "break" or "continue" => [ParseJump(tag)],
            "include" or "import" or "from" or "extends" or "block" => throw stream.Fault(tag.Position, $"'{tag.Text}' is refused: a chat template must be one file. Put the other file's text in its place."),
            "elif" or "else" => throw stream.Fault(tag.Position, $"'{tag.Text}' belongs to no 'if' or 'for'."),
            _ when tag.Text.StartsWith("end", StringComparison.Ordinal) => throw stream.Fault(tag.Position, $"'{tag.Text}' closes nothing."),
            _ => throw stream.Fault(tag.Position, $"there is no statement '{tag.Text}'. Chat templates know: if, for, break, continue, set, macro, call, filter, with, print, generation, raw."),
        };
    }

    private IfNode ParseIf(Token tag)
    {
        List<(ExpressionNode, IReadOnlyList<StatementNode>)> branches = [];
        List<StatementNode> otherwise = [];
        ExpressionNode condition = expressions.ParseTuple(conditional: false);
        while (true)
        {
            expressions.ConditionalDepth++;
            branches.Add((condition, ParseBody("elif", "else", "endif")));
            string next = stream.Take().Text;
            if (next == "elif")
            {
                condition = expressions.ParseTuple(conditional: false);
                expressions.ConditionalDepth--;
                continue;
            }

            if (next == "else")
            {
                otherwise = ParseClosedBody("endif");
            }

            expressions.ConditionalDepth--;
            return new IfNode(tag.Position, branches, otherwise);
        }
    }

    private ForNode ParseFor(Token tag)
    {
        ExpressionNode target = expressions.ParseTarget(end: "in");
        RequireNotLoop(target);
        if (!stream.TakeName("in"))
        {
            throw stream.Expected("'in'");
        }

        ExpressionNode items = expressions.ParseTuple(conditional: false, end: "recursive");
        ExpressionNode? filter = stream.TakeName("if") ? expressions.Parse() : null;
        bool recursive = stream.TakeName("recursive");
        loops++;
        loopNesting++;
        List<StatementNode> body = ParseBody("else", "endfor");
        loops--;
        loopNesting--;
        List<StatementNode> otherwise = stream.Take().Text == "else" ? ParseClosedBody("endfor") : [];
        return new ForNode(tag.Position, target, items, filter, recursive, body, otherwise);
    }

    private void RequireNotLoop(ExpressionNode target)
    {
        if (target is NameNode { Name: "loop" })
        {
            throw stream.Fault(target.Position, "'loop' is the loop's own variable and can't be set within it. Choose another name.");
        }

        if (target is SequenceNode tuple)
        {
            tuple.Items.ToList().ForEach(RequireNotLoop);
        }
    }

    private JumpNode ParseJump(Token tag) =>
        loops > 0 ? new JumpNode(tag.Position, tag.Text == "break") : throw stream.Fault(tag.Position, $"'{tag.Text}' stands outside of a loop.");
}
