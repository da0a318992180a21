using System.Runtime.CompilerServices;

namespace SafeTuneBed.Text.Jinja;

/// <summary>Counts what a rendering uses and stops it at its <see cref="JinjaLimits"/>.</summary>
internal sealed class RenderBudget(JinjaLimits limits)
{
    private const int CharactersPerStep = 16;

    private long steps;
    private int depth;

    /// <summary>See <see cref="JinjaLimits.MaxLength"/>.</summary>
    public int MaxLength => limits.MaxLength;

    /// <summary>Counts work: nodes, rounds, items.</summary>
    public void Step(long count = 1)
    {
        steps += count;
        if (steps > limits.MaxSteps)
        {
            throw new TemplateFault($"rendering was stopped after {limits.MaxSteps} steps; a loop or a list of the template grows without bound. Correct the template, or shorten the conversation.");
        }
    }

    /// <summary>Asked before a text of that length is made or searched.</summary>
    public void Characters(long length)
    {
        if (length > limits.MaxLength)
        {
            throw new TemplateFault($"a text of {length} characters exceeds the limit of {limits.MaxLength}. Correct the template, or shorten the conversation.");
        }

        Step(1 + (length / CharactersPerStep));
    }

    /// <summary>Asked before a collection of that size is made.</summary>
    public void Items(long count)
    {
        if (count > limits.MaxItems)
        {
            throw new TemplateFault($"a collection of {count} items exceeds the limit of {limits.MaxItems}. Correct the template.");
        }

        Step(1 + count);
    }

    /// <summary>One level deeper. The second condition holds on threads with a small stack, where the first would come too late.</summary>
    public void Enter()
    {
        if (++depth > limits.MaxDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new TemplateFault($"expressions or macro calls lie more than {Math.Min(depth, limits.MaxDepth)} deep within one another; a macro may call itself without end. Correct the template.");
        }
    }

    /// <summary>One level back. Not called on faults: a fault ends the rendering.</summary>
    public void Leave() => depth--;
}
