using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace SafeTuneBed.Training;

/// <summary>KL(reference || model) of each position with frozen heads, in chunks, as <see cref="ChunkedCrossEntropy"/>. The gradient of the logits is q - p: exactly 0 where they agree.</summary>
/// <remarks>Arguments: hidden [N, D] of the model; its head [V, D], hidden and head of the reference (wrapped); the logits' soft cap or null.</remarks>
internal sealed class ChunkedDivergence : autograd.SingleTensorFunction<ChunkedDivergence>
{
    public override string Name => nameof(ChunkedDivergence);

    /// <summary>The divergences, [N] f32.</summary>
    public static Tensor FromReference(Tensor hidden_ND, Tensor head_VD, Tensor reference_ND, Tensor referenceHead_VD, double? logitCap = null) =>
        apply(hidden_ND, new Frozen(head_VD), new Frozen(reference_ND), new Frozen(referenceHead_VD), logitCap!);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] args)
    {
        var (hidden_ND, head_VD, reference_ND, referenceHead_VD) = ((Tensor)args[0], ((Frozen)args[1]).Value, ((Frozen)args[2]).Value, ((Frozen)args[3]).Value);
        var cap = (double?)args[4];
        using var scope = NewDisposeScope();
        long n = hidden_ND.shape[0];
        Tensor divergence_N = empty(n, dtype: ScalarType.Float32, device: hidden_ND.device);
        Tensor? gradient_ND = hidden_ND.requires_grad ? empty_like(hidden_ND) : null;
        for (long offset = 0; offset < n; offset += ChunkedCrossEntropy.ChunkLength)
        {
            using var inner = NewDisposeScope();
            long count = Math.Min(ChunkedCrossEntropy.ChunkLength, n - offset);
            Tensor logits = Logits(hidden_ND.narrow(0, offset, count), head_VD, cap);
            Tensor own = logits.log_softmax(-1), theirs = Logits(reference_ND.narrow(0, offset, count), referenceHead_VD, cap).log_softmax(-1), p = theirs.exp();
            divergence_N.narrow(0, offset, count).copy_(theirs.sub_(own).mul_(p).sum(-1));
            if (gradient_ND is not null)
            {
                Tensor d = own.exp_().sub_(p);
                if (cap is { } largest)
                {
                    d.mul_(SoftCap.Slope(logits, largest));
                }

                gradient_ND.narrow(0, offset, count).copy_(d.to(head_VD.dtype).mm(head_VD));
            }
        }

        if (gradient_ND is not null)
        {
            ctx.save_for_backward([gradient_ND.MoveToOuterDisposeScope()]);
        }

        return divergence_N.MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        Tensor saved = ctx.get_saved_variables()[0];
        return [saved.mul(gradient.unsqueeze(1)).to(saved.dtype).MoveToOuterDisposeScope(), null!, null!, null!, null!];
    }

    private static Tensor Logits(Tensor hidden, Tensor head, double? cap)
    {
        Tensor logits = F.linear(hidden, head).to(ScalarType.Float32);
        return cap is { } bound ? SoftCap.Apply(logits, bound) : logits;
    }
}
