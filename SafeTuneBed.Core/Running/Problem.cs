using System.Runtime.ExceptionServices;

namespace SafeTuneBed.Running;

/// <summary>Something that keeps a grid, or some of its cells, from running.</summary>
internal sealed record Problem(string Message, SafeTuneBedException? Cause = null)
{
    public static Problem Of(SafeTuneBedException cause) => new(cause.Message, cause);

    /// <summary>Notes a fault that the user can mend, in place of throwing it; anything else is a fault of ours and is thrown.</summary>
    public static T? Collect<T>(ICollection<Problem> problems, Func<T> make)
        where T : class
    {
        try
        {
            return make();
        }
        catch (SafeTuneBedException e)
        {
            problems.Add(Of(e));
            return null;
        }
    }

    /// <inheritdoc cref="Collect{T}"/>
    /// <returns>Whether it went well.</returns>
    public static bool Try(ICollection<Problem> problems, Action act) => Collect(problems, () =>
    {
        act();
        return problems;
    }) is not null;

    /// <inheritdoc cref="Collect{T}"/>
    public static async Task<T?> CollectAsync<T>(ICollection<Problem> problems, Func<Task<T>> make)
        where T : class
    {
        try
        {
            return await make().ConfigureAwait(false);
        }
        catch (SafeTuneBedException e)
        {
            problems.Add(Of(e));
            return null;
        }
    }

    /// <summary>One problem is thrown as its own type; several are told in one message.</summary>
    /// <param name="grid">The grid's name.</param>
    /// <param name="problems">What was found.</param>
    /// <param name="hint">What else can be done; told behind several problems.</param>
    public static void ThrowIfAny(string grid, IReadOnlyList<Problem> problems, string hint = "") => ThrowIfAny(
        problems,
        several => new ConfigurationException(
            problems.Count == 1 ? $"The grid '{grid}' can't run: {several}{hint}" : $"The grid '{grid}' can't run, for {problems.Count} reasons: {several}{hint}",
            problems.Select(p => p.Cause).FirstOrDefault(c => c is not null)));

    /// <summary>One problem with a cause is thrown as its cause; else <paramref name="make"/> wraps the numbered texts.</summary>
    public static void ThrowIfAny(IReadOnlyList<Problem> problems, Func<string, SafeTuneBedException> make)
    {
        if (problems is [{ Cause: { } single }])
        {
            ExceptionDispatchInfo.Throw(single);
        }

        if (problems.Count > 0)
        {
            throw make(problems.Count == 1 ? problems[0].Message : string.Join(" ", problems.Select((p, i) => FormattableString.Invariant($"({i + 1}) {p.Message}"))));
        }
    }
}
