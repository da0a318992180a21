namespace SafeTuneBed.Models;

/// <summary>An input that one forward pass reads for several requests: for those whose own input it is, or begins with.</summary>
/// <remarks>Positions see only what is before them, so an input that begins another one is computed with it. The options of a multiple choice cost one row this way.</remarks>
internal sealed class SharedInput(int[] ids)
{
    /// <summary>Token ids.</summary>
    public int[] Ids { get; } = ids;

    /// <summary>Indices of the requests that read it.</summary>
    public List<int> Requests { get; } = [];

    /// <summary>The same with other numbers for its requests.</summary>
    public SharedInput Renumbered(Func<int, int> number)
    {
        var result = new SharedInput(Ids);
        result.Requests.AddRange(Requests.Select(number));
        return result;
    }

    /// <summary>Groups inputs; each index appears once.</summary>
    public static IReadOnlyList<SharedInput> Share(IReadOnlyList<int[]> inputs)
    {
        // In dictionary order an input stands directly before those that begin with it.
        int[] order = [.. Enumerable.Range(0, inputs.Count)];
        Array.Sort(order, (a, b) => inputs[a].AsSpan().SequenceCompareTo(inputs[b]) is not 0 and var c ? c : a.CompareTo(b));
        var shared = new List<SharedInput>();
        for (int i = order.Length - 1; i >= 0; i--)
        {
            int[] ids = inputs[order[i]];
            if (shared.Count == 0 || !shared[^1].Ids.AsSpan().StartsWith(ids))
            {
                shared.Add(new SharedInput(ids));
            }

            shared[^1].Requests.Add(order[i]);
        }

        return shared;
    }
}
