using System.Text;

namespace SafeTuneBed.Text.Jinja;

/// <summary>Builds a text and remembers which stretches came from a message. Counts against the budget before it grows.</summary>
internal sealed class TracedBuilder(RenderBudget budget)
{
    private readonly StringBuilder text = new();
    private readonly List<int> flips = [];
    private bool startsAsContent;
    private bool isContent;

    public int Length => text.Length;

    public void Append(ReadOnlySpan<char> part, bool content = false)
    {
        if (part.IsEmpty)
        {
            return;
        }

        Reserve(part.Length);
        if (text.Length == 0)
        {
            startsAsContent = content;
        }
        else if (content != isContent)
        {
            flips.Add(text.Length);
        }

        isContent = content;
        text.Append(part);
    }

    public void Append(StringValue value) => Append(value, 0, value.Text.Length);

    public void Append(StringValue value, int start, int length)
    {
        if (!value.HasContent)
        {
            Append(value.Text.AsSpan(start, length));
            return;
        }

        foreach ((int runStart, int runLength, bool content) in value.RunsOf(start, length))
        {
            Append(value.Text.AsSpan(runStart, runLength), content);
        }
    }

    public StringValue ToValue() => text.Length == 0 ? StringValue.Empty : new StringValue(text.ToString(), startsAsContent, flips.Count == 0 ? null : [.. flips]);

    public IReadOnlyList<TextSegment> ToSegments()
    {
        StringValue value = ToValue();
        return [.. value.Runs.Select(run => new TextSegment(value.Text.Substring(run.Start, run.Length), !run.IsContent))];
    }

    // The whole length is checked, but only what is added is paid for: appending must stay linear.
    private void Reserve(int added)
    {
        if ((long)text.Length + added > budget.MaxLength)
        {
            budget.Characters((long)text.Length + added);
        }

        budget.Characters(added);
    }
}
