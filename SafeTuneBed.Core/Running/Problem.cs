using System.Runtime.ExceptionServices;

namespace SafeTuneBed.Running;

/// <summary>Something that keeps a grid from running.</summary>
internal sealed record Problem(string Message, SafeTuneBedException? Cause = null)
{
    public static Problem Of(SafeTuneBedException cause) => new(cause.Message, cause);

    /// <summary>One problem is thrown as its own type; several are told in one message.</summary>
    public static void ThrowIfAny(string grid, IReadOnlyList<Problem> problems)
    {
        if (problems.Count == 0)
        {
            return;
        }

        if (problems is [{ Cause: { } single }])
        {
            ExceptionDispatchInfo.Throw(single);
        }

        throw new ConfigurationException(
            problems.Count == 1
                ? $"The grid '{grid}' can't run: {problems[0].Message}"
                : $"The grid '{grid}' can't run, for {problems.Count} reasons: {string.Join(" ", problems.Select((p, i) => FormattableString.Invariant($"({i + 1}) {p.Message}")))}",
            problems.Select(p => p.Cause).FirstOrDefault(c => c is not null));
    }
}
