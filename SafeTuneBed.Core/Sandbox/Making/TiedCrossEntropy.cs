using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace SafeTuneBed.Sandbox.Making;

/// <summary>
/// Summed cross-entropy with a head that is trained too. The gradients of hidden states and head are formed chunk by chunk in the forward pass, while a
/// chunk's logits are still in the processor's cache.
/// </summary>
/// <remarks>Arguments: hidden [N, D], head [V, D], targets [N] (wrapped).</remarks>
internal sealed class TiedCrossEntropy : autograd.SingleTensorFunction<TiedCrossEntropy>
{
    /// <summary>Positions of a chunk: 256 of them over 2,870 ids are 3 MB of logits.</summary>
    private const int ChunkLength = 256;

    public override string Name => nameof(TiedCrossEntropy);

    /// <summary>The sum over positions, a scalar with a graph.</summary>
    public static Tensor Sum(Tensor hidden_ND, Tensor head_VD, Tensor targets_N) => apply(hidden_ND, head_VD, new Frozen(targets_N));

    public override Tensor forward(autograd.AutogradContext ctx, params object[] args)
    {
        var (hidden_ND, head_VD, targets_N) = ((Tensor)args[0], (Tensor)args[1], ((Frozen)args[2]).Value);
        using var scope = NewDisposeScope();
        Tensor toHidden_ND = empty_like(hidden_ND), toHead_VD = zeros_like(head_VD), sum = zeros([], dtype: ScalarType.Float32, device: hidden_ND.device);
        long count = hidden_ND.size(0);
        for (long start = 0; start < count; start += ChunkLength)
        {
            using var inner = NewDisposeScope();
            long length = Math.Min(ChunkLength, count - start);
            Tensor rows_CD = hidden_ND.narrow(0, start, length), index_C1 = targets_N.narrow(0, start, length).unsqueeze(1);
            Tensor logits_CV = F.linear(rows_CD, head_VD);
            Tensor normalizer_C1 = logits_CV.logsumexp(-1, true);
            sum.add_(normalizer_C1.sub(logits_CV.gather(1, index_C1)).sum(), KeptScalar.One);
            Tensor d_CV = logits_CV.sub_(normalizer_C1).exp_().scatter_add_(1, index_C1, full_like(normalizer_C1, KeptScalar.Of(-1.0))); // softmax minus one-hot
            toHidden_ND.narrow(0, start, length).copy_(d_CV.mm(head_VD));
            toHead_VD.addmm_(d_CV.t(), rows_CD, 1f, 1f);
        }

        ctx.save_for_backward([toHidden_ND.MoveToOuterDisposeScope(), toHead_VD.MoveToOuterDisposeScope()]);
        return sum.MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        List<Tensor> saved = ctx.get_saved_variables();
        return [saved[0].mul(gradient).MoveToOuterDisposeScope(), saved[1].mul(gradient).MoveToOuterDisposeScope(), null!];
    }
}
