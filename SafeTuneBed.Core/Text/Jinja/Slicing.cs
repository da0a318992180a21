namespace SafeTuneBed.Text.Jinja;

/// <summary>Python's slices.</summary>
internal static class Slicing
{
    public static JinjaValue Slice(JinjaValue target, JinjaValue? start, JinjaValue? stop, JinjaValue? step, RenderBudget budget)
    {
        switch (target)
        {
            case StringValue text:
                (int from, int count, long stride) = Resolve(text.Length!.Value, start, stop, step);
                if (stride == 1)
                {
                    StringValue part = text.CodePoints(from, count);
                    budget.Characters(part.Text.Length);
                    return part;
                }

                TracedBuilder builder = new(budget);
                for (int i = 0; i < count; i++)
                {
                    int unit = text.ToUnits((int)(from + (i * stride)));
                    builder.Append(text, unit, text.ToUnits((int)(from + (i * stride)) + 1) - unit);
                }

                return builder.ToValue();
            case SequenceValue { IsIndexable: true } sequence:
                (from, count, stride) = Resolve(sequence.Items.Count, start, stop, step);
                budget.Items(count);
                JinjaValue[] items = new JinjaValue[count];
                for (int i = 0; i < count; i++)
                {
                    items[i] = sequence.Items[(int)(from + (i * stride))];
                }

                return new SequenceValue(sequence.Kind, items);
            default:
                throw (target as UndefinedValue)?.Fault() ?? new TemplateFault($"a value of type {target.TypeName} can't be sliced.");
        }
    }

    private static (int Start, int Count, long Step) Resolve(int length, JinjaValue? start, JinjaValue? stop, JinjaValue? step)
    {
        // Steps beyond 32 bits reach as far as those at its ends: past every text and list.
        long stride = Math.Clamp(Bound(step) ?? 1, int.MinValue, int.MaxValue);
        if (stride == 0)
        {
            throw new TemplateFault("the step of a slice can't be 0.");
        }

        long low = stride > 0 ? 0 : -1;
        long high = stride > 0 ? length : length - 1;
        long from = Position(Bound(start), stride > 0 ? low : high);
        long to = Position(Bound(stop), stride > 0 ? high : low);
        long count = stride > 0 ? (to - from + stride - 1) / stride : (from - to - stride - 1) / -stride;
        return count > 0 ? ((int)from, (int)count, stride) : (0, 0, 1);

        long Position(long? bound, long absent) => bound is not { } value ? absent : value < 0 ? Math.Max(value + length, low) : Math.Min(value, high);
    }

    private static long? Bound(JinjaValue? value) => value is null or NoneValue ? null : Numbers.RequireInteger(value, "the bound of a slice");
}
