using System.Globalization;

namespace SafeTuneBed.Text.Jinja;

/// <summary>Filters that make texts of texts. A value of another type is printed first, as in Jinja.</summary>
internal static class TextFilters
{
    /// <summary>The input as text, for filters without arguments.</summary>
    public static StringValue Text(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        arguments.Bind(0);
        return PythonText.ToText(input, evaluator.Budget);
    }

    public static JinjaValue Trim(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        JinjaValue? characters = arguments.Bind(0, "chars")[0];
        string? set = characters is null or NoneValue ? null : StringMethods.RequireText(characters, "chars").Text;
        return TextFinder.Strip(PythonText.ToText(input, evaluator.Budget), set, true, true, evaluator.Budget);
    }

    public static JinjaValue Replace(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        JinjaValue?[] bound = arguments.Bind(2, "old", "new", "count");
        int count = bound[2] is null or NoneValue ? -1 : Numbers.RequireCount(bound[2]!, "count");
        RenderBudget budget = evaluator.Budget;
        return TextFinder.Replace(PythonText.ToText(input, budget), PythonText.ToText(bound[0]!, budget), PythonText.ToText(bound[1]!, budget), count, budget);
    }

    public static JinjaValue Center(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        JinjaValue? width = arguments.Bind(0, "width")[0];
        return StringMethods.Pad(PythonText.ToText(input, evaluator.Budget), width is null ? 80 : Numbers.RequireCount(width, "width"), new StringValue(" "), 'c', evaluator.Budget);
    }

    /// <summary>HTML's special characters as entities. The original marks the result as safe; here it is a plain text.</summary>
    public static JinjaValue Escape(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        StringValue text = Text(evaluator, input, arguments);
        foreach ((string character, string entity) in new[] { ("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&#34;"), ("'", "&#39;") })
        {
            text = TextFinder.Replace(text, new StringValue(character), new StringValue(entity, text.HasContent), -1, evaluator.Budget);
        }

        return text;
    }

    public static JinjaValue Format(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        if (arguments.Positional.Count > 0 && arguments.NamedValues.Count > 0)
        {
            throw new TemplateFault("format takes positional or named values, not both.");
        }

        DictionaryValue named = new();
        foreach ((string name, JinjaValue value) in arguments.NamedValues)
        {
            named.Set(name, value);
        }

        return PercentFormat.Apply(PythonText.ToText(input, evaluator.Budget), named.IsTrue ? named : SequenceValue.Tuple(arguments.Positional), evaluator.Budget);
    }

    public static JinjaValue Indent(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        JinjaValue?[] bound = arguments.Bind(0, "width", "first", "blank");
        RenderBudget budget = evaluator.Budget;
        StringValue indentation = bound[0] as StringValue
            ?? StringMethods.Pad(StringValue.Empty, bound[0] is null ? 4 : Numbers.RequireCount(bound[0]!, "width"), new StringValue(" "), 'l', budget);
        bool blankLines = bound[2]?.IsTrue ?? false;
        StringValue text = StringMethods.RequireText(input, "what is indented");
        IReadOnlyList<JinjaValue> lines = TextFinder.SplitLines(text, false, budget).Items;
        TracedBuilder builder = new(budget);

        // The original appends a line break and splits: a text that ends in one keeps an empty last line.
        bool endsOpen = text.Text.Length == 0 || text.Text[^1] is '\n' or '\r' or '\v' or '\f' or '\x1c' or '\x1d' or '\x1e' or '\x85' or '\u2028' or '\u2029';
        for (int i = 0; i < lines.Count + (endsOpen ? 1 : 0); i++)
        {
            StringValue line = i < lines.Count ? (StringValue)lines[i] : StringValue.Empty;
            builder.Append(i == 0 ? "" : "\n");
            if (i == 0 ? bound[1]?.IsTrue ?? false : blankLines || line.Text.Length > 0)
            {
                builder.Append(indentation);
            }

            builder.Append(line);
        }

        return builder.ToValue();
    }

    public static JinjaValue Truncate(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        JinjaValue?[] bound = arguments.Bind(0, "length", "killwords", "end", "leeway");
        int length = bound[0] is null ? 255 : Numbers.RequireCount(bound[0]!, "length");
        StringValue end = bound[2] is null ? new StringValue("...") : StringMethods.RequireText(bound[2]!, "end");
        int leeway = bound[3] is null or NoneValue ? 5 : Numbers.RequireCount(bound[3]!, "leeway");
        if (length < end.Length || leeway < 0)
        {
            throw new TemplateFault("truncate needs a length not below that of its end mark, and a leeway not below 0.");
        }

        if (input.Length <= (long)length + leeway)
        {
            return input;
        }

        StringValue text = StringMethods.RequireText(input, "what is truncated");
        StringValue part = text.CodePoints(0, length - end.Length!.Value);
        int blank = bound[1]?.IsTrue ?? false ? -1 : part.Text.LastIndexOf(' ');
        TracedBuilder builder = new(evaluator.Budget);
        builder.Append(blank < 0 ? part : part.Units(0, blank));
        builder.Append(end);
        return builder.ToValue();
    }

    public static JinjaValue WordCount(Evaluator evaluator, JinjaValue input, CallArguments arguments)
    {
        string text = Text(evaluator, input, arguments).Text;
        evaluator.Budget.Characters(text.Length);
        long words = 0;
        bool inWord = false;
        foreach (System.Text.Rune rune in text.EnumerateRunes())
        {
            bool isWord = rune.Value == '_' || System.Text.Rune.IsLetter(rune) || System.Text.Rune.IsNumber(rune)
                || CharUnicodeInfo.GetNumericValue(rune.ToString(), 0) is not -1;
            words += isWord && !inWord ? 1 : 0;
            inWord = isWord;
        }

        return JinjaValue.Of(words);
    }
}
