namespace SafeTuneBed.Models;

/// <summary>
/// A context and all continuations that are asked for after it, as one row: a tree of tokens in depth-first order, in which common beginnings stand once.
/// A token sees its ancestors and itself, and its position is its depth, so each path is computed as if it stood alone. The options of a multiple choice
/// cost one row this way.
/// </summary>
internal sealed class TokenTree
{
    private readonly List<int> ids;
    private readonly List<int> depths;
    private readonly List<int> ends;

    private TokenTree(int[] context)
    {
        ContextLength = context.Length;
        ids = [.. context];
        depths = [.. Enumerable.Range(0, context.Length)];
        ends = [.. Enumerable.Repeat(0, context.Length)];
    }

    /// <summary>Tokens of the context, at least one: the tree's stem.</summary>
    public int ContextLength { get; }

    /// <summary>Token ids.</summary>
    public IReadOnlyList<int> Ids => ids;

    /// <summary>Position of each token.</summary>
    public IReadOnlyList<int> Depths => depths;

    /// <summary>Place of the last token below each one, itself included: token i sees token j where j is not behind i and i is not behind the end of j.</summary>
    public IReadOnlyList<int> Ends => ends;

    /// <summary>The requests, and where the hidden states lie from which each of their tokens is predicted.</summary>
    public List<(int Request, int[] Places)> Requests { get; } = [];

    /// <summary>Whether any token has two successors.</summary>
    public bool IsBranched { get; private set; }

    /// <summary>The tree of one context.</summary>
    /// <param name="context">At least one token.</param>
    /// <param name="continuations">Each with the number of its request.</param>
    public static TokenTree Build(int[] context, IEnumerable<(int Request, int[] Ids)> continuations)
    {
        var tree = new TokenTree(context);
        List<int> path = [context.Length - 1];
        int[] before = [];
        foreach ((int request, int[] continuation) in continuations.OrderBy(c => c.Ids, Comparer<int[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b))).ThenBy(c => c.Request))
        {
            ReadOnlySpan<int> inputs = continuation.AsSpan(0, Math.Max(0, continuation.Length - 1));   // the last token is only predicted
            int shared = before.AsSpan().CommonPrefixLength(inputs);
            tree.Close(path, shared);
            foreach (int id in inputs[shared..])
            {
                tree.IsBranched |= tree.ids.Count > path[^1] + 1;
                path.Add(tree.ids.Count);
                tree.ids.Add(id);
                tree.depths.Add(context.Length + path.Count - 2);
                tree.ends.Add(0);
            }

            before = inputs.ToArray();
            tree.Requests.Add((request, continuation.Length == 0 ? [] : [.. path]));
        }

        tree.Close(path, -1);
        for (int i = 0; i < context.Length; i++)
        {
            tree.ends[i] = tree.ids.Count - 1;
        }

        return tree;
    }

    // Nothing more comes below the tokens of the path behind the shared ones.
    private void Close(List<int> path, int shared)
    {
        while (path.Count > shared + 1)
        {
            ends[path[^1]] = ids.Count - 1;
            path.RemoveAt(path.Count - 1);
        }
    }
}
