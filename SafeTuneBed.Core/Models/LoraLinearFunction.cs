using SafeTuneBed.Diagnostics;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace SafeTuneBed.Models;

/// <summary>
/// y = x W^T + b + s (m * x) A^T B^T with frozen W and b, and m the dropout mask (already divided by the keep probability).
/// No gradient of W is formed and [rows, out] is written once. The adapter's products run in the adapter's own type, as in PEFT.
/// </summary>
/// <remarks>Arguments: x [..., in], W, b or null, A [r, in], B [out, r], mask [rows, in] or null (the frozen ones wrapped), s.</remarks>
internal sealed class LoraLinearFunction : autograd.SingleTensorFunction<LoraLinearFunction>
{
    public override string Name => nameof(LoraLinearFunction);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] args)
    {
        var (x, weight, bias, a, b, mask, scaling) = ((Tensor)args[0], ((Frozen)args[1]).Value, ((Frozen?)args[2])?.Value, (Tensor)args[3], (Tensor)args[4], ((Frozen?)args[5])?.Value, (double)args[6]);
        using var scope = NewDisposeScope();
        Tensor x_NI = x.reshape(-1, x.shape[^1]);
        Tensor dropped_NI = mask is null ? x_NI.to(a.dtype) : x_NI.to(a.dtype).mul(mask);
        Tensor low_NR = dropped_NI.mm(a.t());
        Tensor y_NO = F.linear(x_NI, weight, bias!);
        y_NO = y_NO.dtype == a.dtype
            ? y_NO.addmm_(low_NR, b.t(), 1f, (float)scaling)
            : y_NO.to(a.dtype).addmm_(low_NR, b.t(), 1f, (float)scaling).to(x.dtype);
        List<Tensor> kept = [dropped_NI.MoveToOuterDisposeScope(), low_NR.MoveToOuterDisposeScope(), a, b];
        if (mask is not null)
        {
            kept.Add(mask); // the graph keeps its own reference, so the caller may free the mask
        }

        ctx.save_for_backward(kept);
        ctx.save_data("weight", args[1]);
        ctx.save_data("scaling", scaling);
        ctx.save_data("shape", x.shape);
        ctx.save_data("needsInput", x.requires_grad); // false where nothing below is trained
        ctx.save_data("needsA", a.requires_grad);     // false while the factor is frozen
        ctx.save_data("needsB", b.requires_grad);
        return y_NO.view([.. x.shape[..^1], weight.shape[0]]).MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        List<Tensor> saved = ctx.get_saved_variables();
        var (dropped_NI, low_NR, a, b) = (saved[0], saved[1], saved[2], saved[3]);
        Tensor weight = ((Frozen)ctx.get_data("weight")).Value;
        var scaling = (double)ctx.get_data("scaling");
        Tensor g_NO = gradient.reshape(-1, gradient.shape[^1]);
        Tensor gAdapter_NO = g_NO.to(a.dtype);
        Tensor gLow_NR = gAdapter_NO.mm(b).mul_(KeptScalar.Of(scaling));
        Tensor? gA = (bool)ctx.get_data("needsA") ? gLow_NR.t().mm(dropped_NI).MoveToOuterDisposeScope() : null;
        Tensor? gB = (bool)ctx.get_data("needsB") ? gAdapter_NO.t().mm(low_NR).mul_(KeptScalar.Of(scaling)).MoveToOuterDisposeScope() : null;
        Tensor? gX = null;
        if ((bool)ctx.get_data("needsInput"))
        {
            Tensor gX_NI = g_NO.mm(weight);
            Tensor gThrough_NI = gLow_NR.mm(a);
            if (saved.Count > 4)
            {
                gThrough_NI.mul_(saved[4]);
            }

            gX = gX_NI.add_(gThrough_NI.to(gX_NI.dtype), KeptScalar.One).view((long[])ctx.get_data("shape")).MoveToOuterDisposeScope();
        }

        // one entry an argument: x, W, b, A, B, mask, s
        return [gX!, null!, null!, gA!, gB!, null!, null!];
    }
}
