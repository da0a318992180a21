namespace SafeTuneBed.Models;

/// <summary>Sequences that begin alike, so that their beginning is computed once.</summary>
/// <param name="Length">Tokens they have in common; 0: they are computed whole.</param>
/// <param name="Members">Their indices.</param>
internal sealed record PrefixGroup(int Length, IReadOnlyList<int> Members)
{
    /// <summary>What one more pass costs, in tokens: below it nothing is gained by sharing.</summary>
    private const int Overhead = 64;
    private const int FewestMembers = 4;

    /// <summary>
    /// Divides sequences into groups so that most tokens are saved: a set stays whole, with what all have in common as prefix, or is divided where its
    /// neighbors in dictionary order have least in common, whichever saves more. Those that gain nothing come together in one group of length 0.
    /// </summary>
    /// <param name="heads">Of each sequence the part that may be shared.</param>
    public static IReadOnlyList<PrefixGroup> Find(IReadOnlyList<ReadOnlyMemory<int>> heads)
    {
        int[] order = [.. Enumerable.Range(0, heads.Count)];
        Array.Sort(order, (a, b) => heads[a].Span.SequenceCompareTo(heads[b].Span) is not 0 and var c ? c : a.CompareTo(b));
        var groups = new List<PrefixGroup>();
        var alone = new List<int>();
        foreach ((int start, int end, int common) in Runs(order, heads))
        {
            if (common > 0)
            {
                groups.Add(new PrefixGroup(common, order[start..end]));
            }
            else
            {
                alone.AddRange(order[start..end]);
            }
        }

        if (alone.Count > 0)
        {
            groups.Add(new PrefixGroup(0, alone));
        }

        return groups;
    }

    // The tree of intervals between the least common beginnings is built bottom up on a stack, so that its depth does not matter.
    private static IEnumerable<(int Start, int End, int Common)> Runs(int[] order, IReadOnlyList<ReadOnlyMemory<int>> heads)
    {
        var open = new Stack<(Node Node, int CommonBefore)>();
        for (int i = 0; i < order.Length; i++)
        {
            int common = i == 0 ? 0 : heads[order[i - 1]].Span.CommonPrefixLength(heads[order[i]].Span);
            Close(open, common);
            open.Push((Node.Leaf(i), common));
        }

        Close(open, -1);
        var pending = new Stack<Node>();
        if (open.Count > 0)
        {
            pending.Push(open.Pop().Node);
        }

        while (pending.TryPop(out Node? node))
        {
            if (node.IsWhole || node.Left is null)
            {
                yield return (node.Start, node.End, node.IsWhole ? node.Common : 0);
            }
            else
            {
                pending.Push(node.Right!);
                pending.Push(node.Left);
            }
        }
    }

    // Joins what has more in common with its left neighbor than the next one has with it.
    private static void Close(Stack<(Node Node, int CommonBefore)> open, int common)
    {
        while (open.Count > 1 && open.Peek().CommonBefore > common)
        {
            (Node right, int between) = open.Pop();
            (Node left, int before) = open.Pop();
            open.Push((Node.Join(left, right, between), before));
        }
    }

    private sealed record Node(int Start, int End, int Common, long Saved, bool IsWhole, Node? Left, Node? Right)
    {
        public static Node Leaf(int i) => new(i, i + 1, 0, 0, false, null, null);

        public static Node Join(Node left, Node right, int common)
        {
            int count = right.End - left.Start;
            long whole = ((count - 1L) * common) - Overhead, divided = left.Saved + right.Saved;
            bool isWhole = count >= FewestMembers && whole > Math.Max(divided, 0);
            return new Node(left.Start, right.End, common, isWhole ? whole : divided, isWhole, left, right);
        }
    }
}
