namespace SafeTuneBed.Text.Jinja;

/// <summary>What a filter, test, function or macro is called with. <paramref name="callee"/> names it in messages.</summary>
internal sealed class CallArguments(string callee, IReadOnlyList<JinjaValue> positional, IReadOnlyList<KeyValuePair<string, JinjaValue>> named)
{
    private static readonly KeyValuePair<string, JinjaValue>[] NoNames = [];

    public static readonly CallArguments None = new("", [], NoNames);

    public IReadOnlyList<JinjaValue> Positional => positional;

    public IReadOnlyList<KeyValuePair<string, JinjaValue>> NamedValues => named;

    public string Callee => callee;

    /// <summary>Positional arguments only.</summary>
    public static CallArguments Of(string callee, params IReadOnlyList<JinjaValue> positional) => new(callee, positional, NoNames);

    /// <summary>The same arguments under another name.</summary>
    public CallArguments Named(string name) => callee.Length > 0 ? this : new(name, positional, named);

    /// <summary>Without the first positional arguments.</summary>
    public CallArguments Skip(int count) => new(callee, [.. positional.Skip(count)], named);

    /// <summary>The arguments in the order of the parameters' names; null where one is absent. The first <paramref name="required"/> must be there.</summary>
    public JinjaValue?[] Bind(int required, params ReadOnlySpan<string> parameters)
    {
        JinjaValue?[] bound = new JinjaValue?[parameters.Length];
        if (positional.Count > parameters.Length)
        {
            throw new TemplateFault($"{callee} takes at most {parameters.Length} argument(s), {positional.Count} given.");
        }

        for (int i = 0; i < positional.Count; i++)
        {
            bound[i] = positional[i];
        }

        foreach ((string name, JinjaValue value) in named)
        {
            int at = parameters.IndexOf(name);
            if (at < 0 || bound[at] is not null)
            {
                throw new TemplateFault(at < 0 ? $"{callee} has no argument '{name}'." : $"{callee} got its argument '{name}' twice.");
            }

            bound[at] = value;
        }

        for (int i = 0; i < required; i++)
        {
            if (bound[i] is null)
            {
                throw new TemplateFault($"{callee} needs the argument '{parameters[i]}'.");
            }
        }

        return bound;
    }
}
