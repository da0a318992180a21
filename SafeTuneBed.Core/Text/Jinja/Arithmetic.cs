namespace SafeTuneBed.Text.Jinja;

/// <summary>The operators on numbers, texts and lists.</summary>
internal static class Arithmetic
{
    public static JinjaValue Calculate(string symbol, JinjaValue left, JinjaValue right, Evaluator evaluator)
    {
        if (Numbers.IsNumber(left) && Numbers.IsNumber(right))
        {
            return Numbers.Calculate(symbol, left, right);
        }

        if (symbol == "%" && left is StringValue format)
        {
            return PercentFormat.Apply(format, right, evaluator.Budget);
        }

        if ((left as UndefinedValue ?? right as UndefinedValue) is { } undefined)
        {
            throw undefined.Fault();
        }

        return symbol switch
        {
            "+" => Add(left, right, evaluator.Budget),
            "*" when Numbers.ToInteger(right) is { } times => Repeat(left, times, evaluator.Budget),
            "*" when Numbers.ToInteger(left) is { } times => Repeat(right, times, evaluator.Budget),
            _ => null,
        } ?? throw new TemplateFault($"'{symbol}' is not defined for values of type {left.TypeName} and {right.TypeName}. Convert them first; '~' joins any values as text.");
    }

    private static JinjaValue? Add(JinjaValue left, JinjaValue right, RenderBudget budget)
    {
        switch (left, right)
        {
            case (StringValue a, StringValue b):
                TracedBuilder builder = new(budget);
                builder.Append(a);
                builder.Append(b);
                return builder.ToValue();
            case (SequenceValue { Kind: SequenceKind.List or SequenceKind.Tuple } a, SequenceValue b) when a.Kind == b.Kind:
                budget.Items((long)a.Items.Count + b.Items.Count);
                return new SequenceValue(a.Kind, [.. a.Items, .. b.Items]);
            default:
                return null;
        }
    }

    private static JinjaValue? Repeat(JinjaValue value, long times, RenderBudget budget)
    {
        // Far beyond every limit already, and products of lengths stay within 64 bits.
        int count = (int)Math.Clamp(times, 0, int.MaxValue);
        switch (value)
        {
            case StringValue text:
                budget.Characters((long)text.Text.Length * count);
                if (!text.HasContent)
                {
                    return new StringValue(string.Concat(Enumerable.Repeat(text.Text, text.Text.Length == 0 ? 0 : count)));
                }

                TracedBuilder builder = new(budget);
                for (int i = 0; i < count; i++)
                {
                    builder.Append(text);
                }

                return builder.ToValue();
            case SequenceValue { Kind: SequenceKind.List or SequenceKind.Tuple } sequence:
                budget.Items((long)sequence.Items.Count * count);
                return new SequenceValue(sequence.Kind, [.. Enumerable.Repeat(sequence.Items, sequence.Items.Count == 0 ? 0 : count).SelectMany(items => items)]);
            default:
                return null;
        }
    }
}
