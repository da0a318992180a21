using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>
/// Linear layers that read the same input, such as q, k and v. Their weights are row ranges of one matrix, so that without adapters one product serves them all.
/// </summary>
/// <remarks>The members' weights are views: writing to one in place changes what the group computes.</remarks>
internal sealed class ProjectionGroup(Tensor weight, Tensor? bias, IReadOnlyList<LinearLayer> members) : IDisposable
{
    /// <summary>The layers, in the order of their rows.</summary>
    public IReadOnlyList<LinearLayer> Members { get; } = members;

    /// <summary>x [..., in] to the members' outputs side by side, [..., sum of out].</summary>
    public Tensor Joint(Tensor x)
    {
        if (IsPlain)
        {
            return nn.functional.linear(x, weight, bias!);
        }

        using var scope = NewDisposeScope();
        return cat(Members.Select(m => m.Forward(x)).ToList(), -1).MoveToOuterDisposeScope();
    }

    /// <summary>x [..., in] to one output [..., out] per member; of one joint product these are views.</summary>
    public Tensor[] Separate(Tensor x)
    {
        if (!IsPlain)
        {
            return [.. Members.Select(m => m.Forward(x))];
        }

        using Tensor joint = nn.functional.linear(x, weight, bias!);
        var parts = new Tensor[Members.Count];
        long start = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            long size = Members[i].Weight.size(0);
            parts[i] = joint.narrow(-1, start, size);
            start += size;
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
                if (member.Adapter is not null || (grad && (member.Weight.requires_grad || member.Bias is { requires_grad: true })))
                {
                    return false;
                }
            }

            return true;
        }
    }
}
