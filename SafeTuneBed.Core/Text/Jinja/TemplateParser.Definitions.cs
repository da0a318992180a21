namespace SafeTuneBed.Text.Jinja;

/// <summary>Statements that define something: variables and macros.</summary>
internal sealed partial class TemplateParser
{
    private static readonly string[] SpecialNames = ["caller", "varargs", "kwargs"];

    private StatementNode ParseSet(Token tag)
    {
        ExpressionNode target = expressions.ParseTarget(attribute: true);
        if (loopNesting > 0)
        {
            RequireNotLoop(target);
        }

        if (stream.TakeOperator("="))
        {
            return new SetNode(tag.Position, target, expressions.ParseTuple());
        }

        FilterNode? filter = stream.TakeOperator("|") ? expressions.ParseFilterHead() : null;
        return new SetBlockNode(tag.Position, target, filter, ParseIsolatedBody("endset"));
    }

    private WithNode ParseWith(Token tag)
    {
        List<(ExpressionNode, ExpressionNode)> bindings = [];
        while (stream.Current.Kind != TokenKind.BlockEnd)
        {
            if (bindings.Count > 0)
            {
                stream.ExpectOperator(",");
            }

            ExpressionNode target = expressions.ParseTarget(tuple: false);
            stream.ExpectOperator("=");
            bindings.Add((target, expressions.Parse()));
        }

        return new WithNode(tag.Position, bindings, ParseClosedBody("endwith"));
    }

    private List<StatementNode> ParsePrint(Token tag)
    {
        List<StatementNode> output = [];
        while (stream.Current.Kind != TokenKind.BlockEnd)
        {
            if (output.Count > 0)
            {
                stream.ExpectOperator(",");
            }

            output.Add(new OutputNode(tag.Position, expressions.Parse()));
        }

        return output;
    }

    private MacroNode ParseMacro(Token tag)
    {
        string name = expressions.ParseTargetName();
        expressions.BeginUses();
        List<(string, ExpressionNode?)> parameters = ParseParameters();
        List<StatementNode> body = ParseIsolatedBody("endmacro");
        return new MacroNode(tag.Position, name, parameters, body, Special(expressions.EndUses()));
    }

    private CallBlockNode ParseCall(Token tag)
    {
        expressions.BeginUses();
        List<(string, ExpressionNode?)> parameters = stream.Current.IsOperator("(") ? ParseParameters() : [];
        if (expressions.Parse() is not CallNode call)
        {
            throw stream.Fault(tag.Position, "'call' needs a call of a macro behind it.");
        }

        // The call itself is no part of the body, but counting its names as used does no harm: they only make a macro accept more.
        List<StatementNode> body = ParseIsolatedBody("endcall");
        MacroNode caller = new(tag.Position, "caller", parameters, body, Special(expressions.EndUses()));
        return new CallBlockNode(tag.Position, call, caller);
    }

    private static HashSet<string> Special(HashSet<string> used) => [.. SpecialNames.Where(used.Contains)];

    private List<(string Name, ExpressionNode? Default)> ParseParameters()
    {
        stream.ExpectOperator("(");
        List<(string Name, ExpressionNode? Default)> parameters = [];
        while (!stream.TakeOperator(")"))
        {
            if (parameters.Count > 0)
            {
                stream.ExpectOperator(",");
            }

            int position = stream.Current.Position;
            string name = expressions.ParseTargetName();
            ExpressionNode? fallback = stream.TakeOperator("=") ? expressions.Parse() : null;
            if (fallback is null && parameters.Count > 0 && parameters[^1].Default is not null)
            {
                throw stream.Fault(position, $"the parameter '{name}' needs a default, since the one before it has one.");
            }

            if (parameters.Exists(other => other.Name == name))
            {
                throw stream.Fault(position, $"there are two parameters '{name}'. Rename one.");
            }

            parameters.Add((name, fallback));
        }

        return parameters;
    }
}
