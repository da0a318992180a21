using System.Globalization;
using System.Text;

namespace SafeTuneBed.Text.Jinja;

/// <summary>Methods that look for something, pad, or ask of what kind the characters are.</summary>
internal static partial class StringMethods
{
    /// <summary>Blanks or another character around a text up to a width in code points.</summary>
    public static StringValue Pad(StringValue self, int width, StringValue fill, char side, RenderBudget budget)
    {
        int missing = Math.Max(0, width - self.Length!.Value);
        budget.Characters((long)missing * fill.Text.Length);

        // Python puts the odd blank of a centered text to the left where the width is odd.
        int left = side switch
        {
            'l' => 0,
            'r' => missing,
            _ => (missing / 2) + (missing & width & 1),
        };
        TracedBuilder builder = new(budget);
        for (int i = 0; i < missing + 1; i++)
        {
            if (i == left)
            {
                builder.Append(self);
            }

            if (i < missing)
            {
                builder.Append(fill);
            }
        }

        return builder.ToValue();
    }

    private static StringValue Pad(StringValue self, CallArguments arguments, char side, Evaluator evaluator)
    {
        JinjaValue?[] bound = arguments.Bind(1, "width", "fillchar");
        StringValue fill = bound[1] is null ? new StringValue(" ") : RequireText(bound[1]!, "fillchar");
        if (fill.Length != 1)
        {
            throw new TemplateFault("fillchar must be one character.");
        }

        return Pad(self, Numbers.RequireCount(bound[0]!, "width"), fill, side, evaluator.Budget);
    }

    private static StringValue ZeroFill(StringValue self, CallArguments arguments, Evaluator evaluator)
    {
        int width = Numbers.RequireCount(arguments.Bind(1, "width")[0]!, "width");
        int sign = self.Text.Length > 0 && self.Text[0] is '+' or '-' ? 1 : 0;
        TracedBuilder builder = new(evaluator.Budget);
        builder.Append(self.Units(0, sign));
        builder.Append(Pad(self.Units(sign, self.Text.Length - sign), Math.Max(0, width - sign), new StringValue("0"), 'r', evaluator.Budget));
        return builder.ToValue();
    }

    private static JinjaValue HasEnd(StringValue self, CallArguments arguments, bool atStart, Evaluator evaluator)
    {
        JinjaValue?[] bound = arguments.Bind(1, "prefix", "start", "end");
        (int from, int to) = Window(self, bound[1], bound[2]);
        IReadOnlyList<JinjaValue> candidates = bound[0] is SequenceValue { Kind: SequenceKind.Tuple } several ? several.Items : [bound[0]!];
        evaluator.Budget.Step(candidates.Count);
        return JinjaValue.Of(candidates.Any(candidate =>
        {
            string part = RequireText(candidate, "what a text shall begin or end with").Text;
            return to >= from && (atStart ? self.Text.AsSpan(from, to - from).StartsWith(part) : self.Text.AsSpan(from, to - from).EndsWith(part));
        }));
    }

    private static int Find(StringValue self, CallArguments arguments, bool last, Evaluator evaluator)
    {
        JinjaValue?[] bound = arguments.Bind(1, "sub", "start", "end");
        string part = RequireText(bound[0]!, "what is looked for").Text;
        (int from, int to) = Window(self, bound[1], bound[2]);
        evaluator.Budget.Characters(self.Text.Length);
        if (to < from)
        {
            return -1;
        }

        ReadOnlySpan<char> window = self.Text.AsSpan(from, to - from);
        int found = part.Length == 0 ? (last ? window.Length : 0) : last ? window.LastIndexOf(part) : window.IndexOf(part);
        return found < 0 ? -1 : self.ToCodePoints(from + found);
    }

    private static long RequireFound(int found) => found >= 0 ? found : throw new TemplateFault("the text that is looked for does not occur. Use 'find', which gives -1 then.");

    private static JinjaValue Count(StringValue self, CallArguments arguments, Evaluator evaluator)
    {
        JinjaValue?[] bound = arguments.Bind(1, "sub", "start", "end");
        StringValue part = RequireText(bound[0]!, "what is counted");
        (int from, int to) = Window(self, bound[1], bound[2]);
        evaluator.Budget.Characters(self.Text.Length);
        if (to < from)
        {
            return JinjaValue.Of(0L);
        }

        StringValue window = self.Units(from, to - from);
        return JinjaValue.Of(part.Text.Length == 0 ? window.Length!.Value + 1L : window.Text.AsSpan().Count(part.Text));
    }

    // The UTF-16 positions of Python's optional start and end; the end may lie before the start.
    private static (int From, int To) Window(StringValue self, JinjaValue? start, JinjaValue? end)
    {
        int length = self.Length!.Value;
        int from = Bound(start, 0);
        int to = Math.Min(Bound(end, length), length);
        return from > length ? (1, 0) : (self.ToUnits(from), self.ToUnits(to));

        int Bound(JinjaValue? value, int absent)
        {
            if (value is null or NoneValue)
            {
                return absent;
            }

            int bound = Numbers.RequireCount(value, "the bound of a search");
            return bound < 0 ? Math.Max(0, bound + length) : bound;
        }
    }

    private static JinjaValue All(StringValue self, CallArguments arguments, Func<Rune, bool> holds) =>
        JinjaValue.Of(NoArguments(self, arguments).Text.Length > 0 && self.Text.EnumerateRunes().All(rune => holds(rune)));

    private static bool IsNumeric(Rune rune) => CharUnicodeInfo.GetNumericValue(rune.ToString(), 0) is not -1;

    private static bool IsTitle(string text)
    {
        bool any = false;
        bool inWord = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            UnicodeCategory category = Rune.GetUnicodeCategory(rune);
            bool upper = category is UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter;
            if ((upper && inWord) || (category == UnicodeCategory.LowercaseLetter && !inWord))
            {
                return false;
            }

            inWord = CaseMapping.IsCased(rune);
            any |= inWord;
        }

        return any;
    }
}
