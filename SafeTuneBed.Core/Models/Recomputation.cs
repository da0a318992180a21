using System.Runtime.ExceptionServices;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>
/// Activation checkpointing (Chen et al. 2016, arXiv 1604.06174): in the forward pass a block keeps its input alone, and it is computed again on the way back. The
/// gradients are those of a plain pass, to the bit.
/// </summary>
/// <param name="noteRandomness">Called in the forward pass of each block; what it gives is called before the block is computed again, and brings back the same random numbers.</param>
internal sealed class Recomputation(Func<Action> noteRandomness)
{
    private ExceptionDispatchInfo? fault;

    /// <summary>One block with its gradients to come.</summary>
    /// <param name="block">Its arithmetic: of an input and a context to its output.</param>
    /// <param name="x">Its input.</param>
    /// <param name="context">What all blocks of the pass share.</param>
    public Tensor Run(Func<Tensor, AttentionContext, Tensor> block, Tensor x, AttentionContext context)
    {
        var call = new RecomputedBlock(this, block, context, noteRandomness(), x.requires_grad);

        // Without an input that requires a gradient the output would have none, though the block's own parameters train.
        using Tensor input = x.requires_grad ? x.alias() : x.detach().requires_grad_(true);
        return RecomputedBlockFunction.apply(input, call);
    }

    /// <summary>Throws what went wrong on the way back. An exception may not pass through torch's engine, so whoever called backward asks afterwards.</summary>
    public void ThrowIfFailed()
    {
        ExceptionDispatchInfo? thrown = fault;
        fault = null;
        thrown?.Throw();
    }

    /// <summary>Whether something went wrong; the gradients are then void.</summary>
    public bool HasFailed => fault is not null;

    /// <summary>Notes what went wrong.</summary>
    public void Fail(Exception exception) => fault ??= ExceptionDispatchInfo.Capture(exception);
}

/// <summary>A block to be computed twice.</summary>
/// <param name="Owner">Takes faults.</param>
/// <param name="Forward">The arithmetic.</param>
/// <param name="Context">What all blocks of the pass share; its tensors are gone when backward runs, and are handed over apart.</param>
/// <param name="Rewind">Brings back the random numbers.</param>
/// <param name="NeedsInput">Whether anything below trains.</param>
internal sealed record RecomputedBlock(Recomputation Owner, Func<Tensor, AttentionContext, Tensor> Forward, AttentionContext Context, Action Rewind, bool NeedsInput);

/// <summary>Arguments: the input, requiring a gradient; the <see cref="RecomputedBlock"/>. Parameters get their gradients in place.</summary>
internal sealed class RecomputedBlockFunction : autograd.SingleTensorFunction<RecomputedBlockFunction>
{
    public override string Name => nameof(RecomputedBlockFunction);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] args)
    {
        (Tensor x, var block) = ((Tensor)args[0], (RecomputedBlock)args[1]);
        using var scope = NewDisposeScope();
        using var grad = enable_grad();
        Tensor y = block.Forward(Input(x, block), block.Context).detach(); // the graph of this pass goes with the scope
        ctx.save_for_backward([x, .. block.Context.Tensors]);
        ctx.save_data("block", block);
        return y.MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradient)
    {
        var block = (RecomputedBlock)ctx.get_data("block");
        if (block.Owner.HasFailed)
        {
            return [Void(), null!];
        }

        try
        {
            using var scope = NewDisposeScope();
            using var grad = enable_grad();
            List<Tensor> saved = ctx.get_saved_variables();
            Tensor input = Input(saved[0], block);
            block.Rewind();
            Tensor y = block.Forward(input, block.Context.With(saved[1..]));
            autograd.backward([y], [gradient]);
            return [block.NeedsInput && input.grad is { } g ? g.MoveToOuterDisposeScope() : null!, null!];
        }
        catch (Exception e) // nothing may leave this function: it would end the process
        {
            block.Owner.Fail(e);
            return [Void(), null!];
        }

        // Of the right shape, since a block below takes no missing gradient; it takes no new memory.
        Tensor Void() => block.NeedsInput ? gradient.alias() : null!;
    }

    private static Tensor Input(Tensor x, RecomputedBlock block) => x.detach().requires_grad_(block.NeedsInput);
}
