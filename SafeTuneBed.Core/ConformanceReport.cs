using System.Text;

namespace SafeTuneBed;

/// <summary>How one check of <see cref="MethodConformance"/> came out.</summary>
public enum ConformanceOutcome
{
    /// <summary>The method keeps this promise.</summary>
    Passed,

    /// <summary>It does not; the reason says what was seen and what to do.</summary>
    Failed,

    /// <summary>There is nothing to check, as with a control that trains nothing.</summary>
    NotApplicable,
}

/// <summary>One check.</summary>
/// <param name="Name">What was checked, in lower-kebab.</param>
/// <param name="Outcome">How it came out.</param>
/// <param name="Reason">What was seen; of a failure also the remedy.</param>
public sealed record ConformanceCheck(string Name, ConformanceOutcome Outcome, string Reason);

/// <summary>What <see cref="MethodConformance"/> found out about one method.</summary>
/// <param name="Method">The method's name or class.</param>
/// <param name="Checks">Every check, in the order in which they were made.</param>
public sealed record ConformanceReport(string Method, IReadOnlyList<ConformanceCheck> Checks)
{
    /// <summary>Whether no check failed.</summary>
    public bool Passed => Checks.All(c => c.Outcome != ConformanceOutcome.Failed);

    /// <summary>The check of this name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public ConformanceCheck this[string name] => Checks.FirstOrDefault(c => c.Name == name)
        ?? throw new KeyNotFoundException($"There is no check '{name}'. There are {string.Join(", ", Checks.Select(c => c.Name))}.");

    /// <summary>Throws when a check failed, with every failure in one message.</summary>
    /// <exception cref="MethodConformanceException">At least one check failed.</exception>
    public void ThrowIfFailed()
    {
        if (!Passed)
        {
            throw new MethodConformanceException(
                $"The method '{Method}' does not keep {Checks.Count(c => c.Outcome == ConformanceOutcome.Failed)} of {Checks.Count} promises. "
                + string.Join(" ", Checks.Where(c => c.Outcome == ConformanceOutcome.Failed).Select(c => $"{c.Name}: {c.Reason}")));
        }
    }

    /// <summary>One line for each check.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Method).Append('\n');
        foreach (ConformanceCheck check in Checks)
        {
            string mark = check.Outcome switch { ConformanceOutcome.Passed => "passed", ConformanceOutcome.Failed => "FAILED", _ => "-" };
            text.Append("  ").Append(mark.PadRight(7)).Append(check.Name).Append(": ").Append(check.Reason).Append('\n');
        }

        return text.ToString();
    }
}

/// <summary>A method does not keep what every method must keep; the message names each failure with its remedy.</summary>
public sealed class MethodConformanceException : SafeTuneBedException
{
    /// <summary>Creates the exception.</summary>
    public MethodConformanceException(string message)
        : base(message)
    {
    }
}
