using System.Globalization;
using System.Text.RegularExpressions;

namespace SafeTuneBed.Text.Jinja;

/// <summary>Python's <c>str.format</c>: fields in braces, with attributes, conversions and the usual specifications.</summary>
internal sealed partial class BraceFormat(StringValue format, CallArguments arguments, Evaluator evaluator)
{
    private int next;
    private bool numbered;

    public static StringValue Apply(StringValue format, CallArguments arguments, Evaluator evaluator) => new BraceFormat(format, arguments, evaluator).Run();

    [GeneratedRegex(@"^(?<name>[^.\[!:{}]*)(?<path>(\.[^.\[!:{}]+|\[[^\]!:{}]+\])*)(!(?<conversion>[sr]))?(:(?<spec>[^{}]*))?$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Field();

    [GeneratedRegex(@"^((?<fill>.)?(?<align>[<>=^]))?(?<sign>[-+ ])?(?<alternate>#)?(?<zero>0)?(?<width>[0-9]{1,9})?(?<grouping>[,_])?(\.(?<precision>[0-9]{1,9}))?(?<type>[bdeEfFgGosxX%])?$", RegexOptions.CultureInvariant | RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Spec();

    private StringValue Run()
    {
        string text = format.Text;
        TracedBuilder builder = new(evaluator.Budget);
        int at = 0;
        while (at < text.Length)
        {
            int brace = text.AsSpan(at).IndexOfAny('{', '}');
            int end = brace < 0 ? text.Length : at + brace;
            builder.Append(format, at, end - at);
            if (end == text.Length)
            {
                break;
            }

            if (end + 1 < text.Length && text[end + 1] == text[end])
            {
                builder.Append(format, end, 1);
                at = end + 2;
                continue;
            }

            int close = text[end] == '}' ? -1 : text.IndexOf('}', end);
            if (close < 0)
            {
                throw new TemplateFault("a brace of the format stands alone. Write it twice for the character itself.");
            }

            builder.Append(FormatField(text[(end + 1)..close]));
            at = close + 1;
        }

        return builder.ToValue();
    }

    private StringValue FormatField(string field)
    {
        Match match = Field().Match(field);
        if (!match.Success)
        {
            throw new TemplateFault("a field of the format is not understood. Known are a name or number, attributes, '!s', '!r' and a simple specification.");
        }

        JinjaValue value = FindValue(match.Groups["name"].Value);
        foreach (string step in match.Groups["path"].Value.Split(['.', '['], StringSplitOptions.RemoveEmptyEntries))
        {
            string name = step.TrimEnd(']');
            value = step.EndsWith(']')
                ? Lookup.Item(value, long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out long index) ? new IntegerValue(index) : new StringValue(name))
                : Lookup.Attribute(value, new StringValue(name));
        }

        string conversion = match.Groups["conversion"].Value;
        if (conversion == "r")
        {
            TracedBuilder shown = new(evaluator.Budget);
            PythonText.AppendRepresentation(shown, value, evaluator.Budget);
            value = shown.ToValue();
        }
        else if (conversion == "s")
        {
            value = PythonText.ToText(value, evaluator.Budget);
        }

        return Present(value, match.Groups["spec"].Value);
    }

    private JinjaValue FindValue(string name)
    {
        if (name.Length == 0 || char.IsAsciiDigit(name[0]))
        {
            numbered |= name.Length > 0;
            if (!int.TryParse(name.Length > 0 ? name : next++.ToString(CultureInfo.InvariantCulture), NumberStyles.None, CultureInfo.InvariantCulture, out int at)
                || at >= arguments.Positional.Count || (numbered && next > 0))
            {
                throw new TemplateFault("the format asks for a value that was not given, or mixes numbered fields with others.");
            }

            return arguments.Positional[at];
        }

        return arguments.NamedValues.FirstOrDefault(argument => argument.Key == name).Value ?? throw new TemplateFault("the format asks for a named value that was not given.");
    }

    private StringValue Present(JinjaValue value, string text)
    {
        if (text.Length == 0)
        {
            return PythonText.ToText(value, evaluator.Budget);
        }

        Match match = Spec().Match(text);
        FormatSpec spec = Read(match);
        bool isText = value is StringValue;
        bool fits = match.Success && (isText ? spec.Type is 's' or '\0' && spec is { Sign: '\0', Grouping: '\0', Align: not '=' }
            : Numbers.IsNumber(value) && spec.Type is not 's' && (value is not FloatValue || spec.Type is '\0' or 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%'));
        if (!fits)
        {
            throw new TemplateFault($"the specification of a field does not fit a value of type {value.TypeName}.");
        }

        return isText ? (spec with { Type = '\0' }).FormatText((StringValue)value, evaluator.Budget) : spec.FormatNumber(value, evaluator.Budget);
    }

    private static FormatSpec Read(Match match)
    {
        string align = match.Groups["align"].Value;
        bool zero = match.Groups["zero"].Success;
        return new FormatSpec
        {
            Fill = match.Groups["fill"].Success ? match.Groups["fill"].Value[0] : zero ? '0' : ' ',
            Align = align.Length > 0 ? align[0] : zero ? '=' : '\0',
            Sign = match.Groups["sign"].Value is [var sign] and not "-" ? sign : '\0',
            Alternate = match.Groups["alternate"].Success,
            Width = match.Groups["width"].Success ? int.Parse(match.Groups["width"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) : 0,
            Grouping = match.Groups["grouping"].Value is [var grouping] ? grouping : '\0',
            Precision = match.Groups["precision"].Success ? int.Parse(match.Groups["precision"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) : null,
            Type = match.Groups["type"].Value is [var type] ? type : '\0',
        };
    }
}
