using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace SafeTuneBed.Training;

/// <summary>
/// Cross-entropy of each supervised position with a frozen head, in chunks: each chunk's logit gradient is formed in the forward pass, so
/// no [positions, vocabulary] tensor outlives its chunk.
/// </summary>
/// <remarks>Arguments: hidden [N, D] (positions already selected); head [V, D] and targets [N] (wrapped); chunk length; the logits' soft cap or null.</remarks>
internal sealed class ChunkedCrossEntropy : autograd.SingleTensorFunction<ChunkedCrossEntropy>
{
    /// <summary>Positions of a chunk: with 32,000 ids some 65 MB of f32 logits.</summary>
    public const int ChunkLength = 512;

    public override string Name => nameof(ChunkedCrossEntropy);

    /// <summary>The losses, [N] f32.</summary>
    public static Tensor Losses(Tensor hidden_ND, Tensor head_VD, Tensor targets_N, double? logitCap = null) =>
        apply(hidden_ND, new Frozen(head_VD), new Frozen(targets_N), ChunkLength, logitCap!);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] args)
    {
        var (hidden_ND, head_VD, targets_N, chunk) = ((Tensor)args[0], ((Frozen)args[1]).Value, ((Frozen)args[2]).Value, (int)args[3]);
        var cap = (double?)args[4];
        using var scope = NewDisposeScope();
        bool needsGradient = hidden_ND.requires_grad;
        long n = hidden_ND.shape[0];
        Tensor losses_N = empty(n, dtype: ScalarType.Float32, device: hidden_ND.device);
        Tensor? gradient_ND = needsGradient ? empty_like(hidden_ND) : null;
        for (long offset = 0; offset < n; offset += chunk)
        {
            using var inner = NewDisposeScope();
            long count = Math.Min(chunk, n - offset);
            Tensor index = targets_N.narrow(0, offset, count).unsqueeze(1);
            Tensor logits = F.linear(hidden_ND.narrow(0, offset, count), head_VD).to(ScalarType.Float32);
            if (cap is { } bound)
            {
                logits = SoftCap.Apply(logits, bound);
            }

            Tensor normalizer = logits.logsumexp(-1, true);
            losses_N.narrow(0, offset, count).copy_((normalizer - logits.gather(1, index)).squeeze(1));
            if (needsGradient)
            {
                Tensor d = logits.sub(normalizer).exp_().scatter_add_(1, index, full_like(normalizer, KeptScalar.Of(-1.0))); // softmax minus one-hot
                if (cap is { } largest)
                {
                    d.mul_(SoftCap.Slope(logits, largest));
                }

                gradient_ND!.narrow(0, offset, count).copy_(d.to(head_VD.dtype).mm(head_VD));
            }
        }

        if (gradient_ND is not null)
        {
            ctx.save_for_backward([gradient_ND.MoveToOuterDisposeScope()]);
        }

        return losses_N.MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        Tensor saved = ctx.get_saved_variables()[0];
        return [saved.mul(gradient.unsqueeze(1)).to(saved.dtype).MoveToOuterDisposeScope(), null!, null!, null!, null!];
    }
}
