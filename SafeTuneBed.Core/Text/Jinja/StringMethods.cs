using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace SafeTuneBed.Text.Jinja;

/// <summary>The methods of Python's <c>str</c>.</summary>
internal static partial class StringMethods
{
    private delegate JinjaValue Method(StringValue self, CallArguments arguments, Evaluator evaluator);

    // Exist in Python, but no template needs them: a plain message beats a silent 'undefined'.
    private static readonly HashSet<string> Unsupported = ["casefold", "encode", "expandtabs", "format_map", "maketrans", "translate"];

    private static readonly FrozenDictionary<string, Method> Methods = new Dictionary<string, Method>
    {
        ["strip"] = (self, arguments, evaluator) => Strip(self, arguments, true, true, evaluator),
        ["lstrip"] = (self, arguments, evaluator) => Strip(self, arguments, true, false, evaluator),
        ["rstrip"] = (self, arguments, evaluator) => Strip(self, arguments, false, true, evaluator),
        ["split"] = (self, arguments, evaluator) => Split(self, arguments, false, evaluator),
        ["rsplit"] = (self, arguments, evaluator) => Split(self, arguments, true, evaluator),
        ["splitlines"] = (self, arguments, evaluator) => TextFinder.SplitLines(self, arguments.Bind(0, "keepends")[0]?.IsTrue ?? false, evaluator.Budget),
        ["partition"] = (self, arguments, _) => Partition(self, arguments, false),
        ["rpartition"] = (self, arguments, _) => Partition(self, arguments, true),
        ["replace"] = Replace,
        ["join"] = (self, arguments, evaluator) => Join(self, arguments.Bind(1, "iterable")[0]!, evaluator),
        ["removeprefix"] = (self, arguments, _) => RequireText(arguments.Bind(1, "prefix")[0]!, "prefix") is var prefix && self.Text.StartsWith(prefix.Text, StringComparison.Ordinal)
            ? self.Units(prefix.Text.Length, self.Text.Length - prefix.Text.Length) : self,
        ["removesuffix"] = (self, arguments, _) => RequireText(arguments.Bind(1, "suffix")[0]!, "suffix") is var suffix && self.Text.EndsWith(suffix.Text, StringComparison.Ordinal)
            ? self.Units(0, self.Text.Length - suffix.Text.Length) : self,
        ["startswith"] = (self, arguments, evaluator) => HasEnd(self, arguments, true, evaluator),
        ["endswith"] = (self, arguments, evaluator) => HasEnd(self, arguments, false, evaluator),
        ["find"] = (self, arguments, evaluator) => JinjaValue.Of((long)Find(self, arguments, false, evaluator)),
        ["rfind"] = (self, arguments, evaluator) => JinjaValue.Of((long)Find(self, arguments, true, evaluator)),
        ["index"] = (self, arguments, evaluator) => JinjaValue.Of(RequireFound(Find(self, arguments, false, evaluator))),
        ["rindex"] = (self, arguments, evaluator) => JinjaValue.Of(RequireFound(Find(self, arguments, true, evaluator))),
        ["count"] = Count,
        ["upper"] = (self, arguments, evaluator) => CaseMapping.Upper(NoArguments(self, arguments), evaluator.Budget),
        ["lower"] = (self, arguments, evaluator) => CaseMapping.Lower(NoArguments(self, arguments), evaluator.Budget),
        ["title"] = (self, arguments, evaluator) => CaseMapping.TitleWords(NoArguments(self, arguments), evaluator.Budget),
        ["capitalize"] = (self, arguments, evaluator) => CaseMapping.Capitalize(NoArguments(self, arguments), evaluator.Budget),
        ["swapcase"] = (self, arguments, evaluator) => CaseMapping.SwapCase(NoArguments(self, arguments), evaluator.Budget),
        ["center"] = (self, arguments, evaluator) => Pad(self, arguments, 'c', evaluator),
        ["ljust"] = (self, arguments, evaluator) => Pad(self, arguments, 'l', evaluator),
        ["rjust"] = (self, arguments, evaluator) => Pad(self, arguments, 'r', evaluator),
        ["zfill"] = ZeroFill,
        ["format"] = (self, arguments, evaluator) => BraceFormat.Apply(self, arguments, evaluator),
        ["isspace"] = (self, arguments, _) => All(self, arguments, rune => rune.IsBmp && PythonText.IsSpace((char)rune.Value)),
        ["isalpha"] = (self, arguments, _) => All(self, arguments, Rune.IsLetter),
        ["isalnum"] = (self, arguments, _) => All(self, arguments, rune => Rune.IsLetter(rune) || IsNumeric(rune)),
        ["isdecimal"] = (self, arguments, _) => All(self, arguments, rune => Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber),
        ["isdigit"] = (self, arguments, _) => All(self, arguments, rune => CharUnicodeInfo.GetDigitValue(rune.ToString(), 0) >= 0),
        ["isnumeric"] = (self, arguments, _) => All(self, arguments, IsNumeric),
        ["isprintable"] = (self, arguments, _) => JinjaValue.Of(NoArguments(self, arguments).Text.Length == 0 || All(self, arguments, PythonText.IsPrintable).IsTrue),
        ["isascii"] = (self, arguments, _) => JinjaValue.Of(Ascii.IsValid(NoArguments(self, arguments).Text)),
        ["isidentifier"] = (self, arguments, _) => JinjaValue.Of(NoArguments(self, arguments).Text is { Length: > 0 } text
            && !char.IsDigit(text[0]) && text.All(c => char.IsLetterOrDigit(c) || c == '_')),
        ["isupper"] = (self, arguments, _) => JinjaValue.Of(IsCase(NoArguments(self, arguments).Text, UnicodeCategory.UppercaseLetter)),
        ["islower"] = (self, arguments, _) => JinjaValue.Of(IsCase(NoArguments(self, arguments).Text, UnicodeCategory.LowercaseLetter)),
        ["istitle"] = (self, arguments, _) => JinjaValue.Of(IsTitle(NoArguments(self, arguments).Text)),
    }.ToFrozenDictionary();

    /// <summary>A method bound to its text, or null.</summary>
    public static JinjaValue? Find(StringValue self, string name)
    {
        if (Unsupported.Contains(name))
        {
            throw new TemplateFault($"the method '{name}' of a text is not supported.");
        }

        return Methods.TryGetValue(name, out Method? method) ? new FunctionValue(name, (evaluator, arguments) => method(self, arguments, evaluator)) : null;
    }

    /// <summary>A text argument, or a fault that names it.</summary>
    public static StringValue RequireText(JinjaValue value, string what) => value as StringValue
        ?? throw (value as UndefinedValue)?.Fault() ?? new TemplateFault($"{what} must be a text, not a value of type {value.TypeName}.");

    /// <summary>Python's <c>islower</c> or <c>isupper</c>: some letter has a case, and all that have are of this one.</summary>
    public static bool IsCase(string text, UnicodeCategory wanted)
    {
        bool any = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) == wanted)
            {
                any = true;
            }
            else if (CaseMapping.IsCased(rune))
            {
                return false;
            }
        }

        return any;
    }

    /// <summary>Texts of a collection with this one between them.</summary>
    public static StringValue Join(StringValue self, JinjaValue items, Evaluator evaluator)
    {
        TracedBuilder builder = new(evaluator.Budget);
        bool first = true;
        foreach (JinjaValue item in items.RequireItems(evaluator.Budget))
        {
            evaluator.Budget.Step();
            if (!first)
            {
                builder.Append(self);
            }

            builder.Append(RequireText(item, "an item to join"));
            first = false;
        }

        return builder.ToValue();
    }

    private static StringValue NoArguments(StringValue self, CallArguments arguments)
    {
        arguments.Bind(0);
        return self;
    }

    private static StringValue Strip(StringValue self, CallArguments arguments, bool left, bool right, Evaluator evaluator)
    {
        JinjaValue? characters = arguments.Bind(0, "chars")[0];
        return TextFinder.Strip(self, characters is null or NoneValue ? null : RequireText(characters, "chars").Text, left, right, evaluator.Budget);
    }

    private static SequenceValue Split(StringValue self, CallArguments arguments, bool fromRight, Evaluator evaluator)
    {
        JinjaValue?[] bound = arguments.Bind(0, "sep", "maxsplit");
        int limit = bound[1] is null ? -1 : Numbers.RequireCount(bound[1]!, "maxsplit");
        return TextFinder.Split(self, bound[0] is null or NoneValue ? null : RequireText(bound[0]!, "sep"), limit, fromRight, evaluator.Budget);
    }

    private static SequenceValue Partition(StringValue self, CallArguments arguments, bool fromRight)
    {
        StringValue separator = RequireText(arguments.Bind(1, "sep")[0]!, "sep");
        if (separator.Text.Length == 0)
        {
            throw new TemplateFault("a text can't be parted at an empty separator.");
        }

        int found = fromRight ? self.Text.LastIndexOf(separator.Text, StringComparison.Ordinal) : self.Text.IndexOf(separator.Text, StringComparison.Ordinal);
        if (found < 0)
        {
            return fromRight ? SequenceValue.Tuple(StringValue.Empty, StringValue.Empty, self) : SequenceValue.Tuple(self, StringValue.Empty, StringValue.Empty);
        }

        int rest = found + separator.Text.Length;
        return SequenceValue.Tuple(self.Units(0, found), self.Units(found, separator.Text.Length), self.Units(rest, self.Text.Length - rest));
    }

    private static JinjaValue Replace(StringValue self, CallArguments arguments, Evaluator evaluator)
    {
        JinjaValue?[] bound = arguments.Bind(2, "old", "new", "count");
        int count = bound[2] is null ? -1 : Numbers.RequireCount(bound[2]!, "count");
        return TextFinder.Replace(self, RequireText(bound[0]!, "old"), RequireText(bound[1]!, "new"), count, evaluator.Budget);
    }
}
