namespace SafeTuneBed.Text.Jinja;

/// <summary>
/// A chat template in the language of Jinja2, with the settings and additions of Hugging Face's <c>apply_chat_template</c>: trimmed blocks, loop controls,
/// <c>generation</c>, <c>tojson</c> without HTML escapes, <c>raise_exception</c>, <c>strftime_now</c>; the immutable sandbox, so no method that changes a list.
/// Parse once and keep it: it is immutable and may be rendered on several threads at once.
/// </summary>
internal sealed class JinjaTemplate
{
    private readonly TemplateSource source;
    private readonly IReadOnlyList<StatementNode> body;

    private JinjaTemplate(TemplateSource source)
    {
        this.source = source;
        body = TemplateParser.Parse(source);
    }

    /// <summary>Reads a template; <paramref name="name"/> stands in messages.</summary>
    /// <exception cref="ChatTemplateException">The syntax is wrong, or uses what is not supported.</exception>
    public static JinjaTemplate Parse(string source, string name) => new(new TemplateSource(source, name));

    /// <summary>
    /// Renders the template. In the variable <c>messages</c> every text but a message's <c>role</c> and its field names is content, elsewhere a text is content if it is passed
    /// as a <see cref="TextSegment"/> that says so; all other text counts as the template's. Characters keep their origin through concatenation, slicing, trimming, splitting, replacing,
    /// joining, printing in lists, JSON and changes of case; where they can't be followed, the whole result is content.
    /// </summary>
    /// <param name="variables">Null, truth values, numbers, texts, <see cref="TextSegment"/>, JSON elements, and lists and dictionaries of these.</param>
    /// <param name="limits">What the rendering may use up.</param>
    /// <param name="clock">For <c>strftime_now</c>, which is undefined without it.</param>
    /// <returns>Stretches that alternate between template and content; none is empty.</returns>
    /// <exception cref="ChatTemplateException">The template refuses the conversation, does what Jinja refuses, or exceeds a limit.</exception>
    public IReadOnlyList<TextSegment> Render(IReadOnlyDictionary<string, object?> variables, JinjaLimits? limits = null, TimeProvider? clock = null)
    {
        RenderBudget budget = new(limits ?? new JinjaLimits());
        Evaluator evaluator = new(budget, clock);
        try
        {
            Scope scope = new(null);
            foreach ((string name, object? value) in variables)
            {
                scope.Set(name, VariableReader.Read(name, value));
            }

            evaluator.Execute(body, scope);
            return evaluator.Segments;
        }
        catch (RaisedFault fault)
        {
            (int line, int column) = source.Locate(evaluator.Position);
            throw ChatTemplateException.Refused(source.Name, line, column, fault.Text.Text, fault.Text.HasContent ? "its words quote a message and are not shown here." : $"'{fault.Text.Text}'.");
        }
        catch (TemplateFault fault)
        {
            throw source.Fault(evaluator.Position, fault.Message);
        }
    }
}
