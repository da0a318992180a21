using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>
/// Linear layers that read the same input, such as q, k and v. Their weights are row ranges of one matrix, so that without adapters one product serves them all.
/// Where the model itself has them as one layer, that is the only member, and its output is cut.
/// </summary>
/// <remarks>The members' weights are views: writing to one in place changes what the group computes.</remarks>
/// <param name="weight">[sum of out, in].</param>
/// <param name="bias">[sum of out], or null.</param>
/// <param name="members">The layers.</param>
/// <param name="widths">Sizes of the outputs that <see cref="Separate"/> gives: one for each member, or for each part of the only one.</param>
internal sealed class ProjectionGroup(Tensor weight, Tensor? bias, IReadOnlyList<LinearLayer> members, IReadOnlyList<long> widths) : IDisposable
{
    /// <summary>The layers, in the order of their rows.</summary>
    public IReadOnlyList<LinearLayer> Members { get; } = members;

    /// <summary>x [..., in] to all outputs side by side, [..., sum of out].</summary>
    public Tensor Joint(Tensor x)
    {
        if (IsPlain)
        {
            return FewRows.Linear(x, weight, bias);
        }

        if (Members.Count == 1)
        {
            return Members[0].Forward(x);
        }

        using var scope = NewDisposeScope();
        return cat(Members.Select(m => m.Forward(x)).ToList(), -1).MoveToOuterDisposeScope();
    }

    /// <summary>x [..., in] to one output [..., out] per width; of one joint product these are views.</summary>
    /// <param name="x">What the layers read.</param>
    /// <param name="taps">What the pass does at some places; null for nothing.</param>
    public Tensor[] Separate(Tensor x, SiteTaps? taps = null)
    {
        bool tapped = taps is not null && Members.Any(m => taps.TouchesInput(m.Path));
        if (Members.Count > 1 && (tapped || !IsPlain))
        {
            return [.. Members.Select(m => m.Forward(x, taps))];
        }

        using Tensor joint = Joint(tapped ? taps!.VisitInput(Members[0].Path, x) : x);
        var parts = new Tensor[widths.Count];
        long start = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = joint.narrow(-1, start, widths[i]);
            start += widths[i];
        }

        return parts;
    }

    public void Dispose()
    {
        foreach (LinearLayer member in Members)
        {
            member.Weight.Dispose();
            member.Bias?.Dispose();
        }

        weight.Dispose();
        bias?.Dispose();
    }

    // A weight in training is a leaf of its own: the joint matrix would hide it from the graph.
    private bool IsPlain
    {
        get
        {
            bool grad = is_grad_enabled();
            foreach (LinearLayer member in Members)
            {
                if (member.Adapter is not null || member.IsSubstituted || (grad && (member.Weight.requires_grad || member.Bias is { requires_grad: true })))
                {
                    return false;
                }
            }

            return true;
        }
    }
}
