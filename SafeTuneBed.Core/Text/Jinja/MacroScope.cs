namespace SafeTuneBed.Text.Jinja;

/// <summary>Gives a macro's parameters their values.</summary>
internal static class MacroScope
{
    /// <summary>A scope in which the parameters are set, above the one in which the macro was written.</summary>
    public static Scope Bind(Evaluator evaluator, MacroValue macro, CallArguments arguments)
    {
        MacroNode node = macro.Node;
        Scope scope = new(macro.Scope);
        Dictionary<string, JinjaValue> named = new(arguments.NamedValues);
        for (int i = 0; i < node.Parameters.Count; i++)
        {
            (string name, ExpressionNode? fallback) = node.Parameters[i];
            JinjaValue? value = i < arguments.Positional.Count ? arguments.Positional[i] : named.Remove(name, out JinjaValue? given) ? given : null;

            // A default may use the parameters before it.
            scope.Set(name, value ?? (fallback is null ? new UndefinedValue($"the parameter '{name}' of the macro was not provided") : evaluator.Evaluate(fallback, scope)));
        }

        if (node.Uses.Contains("caller") && !node.Parameters.Any(parameter => parameter.Name == "caller"))
        {
            scope.Set("caller", named.Remove("caller", out JinjaValue? caller) ? caller : new UndefinedValue("no caller was given to the macro"));
        }

        SetRest(scope, node, arguments, named);
        return scope;
    }

    private static void SetRest(Scope scope, MacroNode node, CallArguments arguments, Dictionary<string, JinjaValue> named)
    {
        if (node.Uses.Contains("kwargs"))
        {
            DictionaryValue rest = new();
            foreach ((string name, JinjaValue value) in named)
            {
                rest.Set(name, value);
            }

            scope.Set("kwargs", rest);
        }
        else if (named.Count > 0)
        {
            throw new TemplateFault($"the macro '{node.Name}' has no parameter '{named.Keys.First()}', or got it twice.");
        }

        if (node.Uses.Contains("varargs"))
        {
            scope.Set("varargs", SequenceValue.Tuple([.. arguments.Positional.Skip(node.Parameters.Count)]));
        }
        else if (arguments.Positional.Count > node.Parameters.Count)
        {
            throw new TemplateFault($"the macro '{node.Name}' takes at most {node.Parameters.Count} argument(s), {arguments.Positional.Count} given.");
        }
    }
}
