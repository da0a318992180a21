using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>
/// The product of a linear layer for a decoding step's few rows. On the CPU MKL computes such a product on one thread and, for one row, at a third of the memory's speed; the
/// weight cut into parts, one for each thread, and given as a batch of products, it comes near that speed (docs/performance.md).
/// </summary>
internal static class FewRows
{
    /// <summary>Above so many rows the whole product is as fast.</summary>
    private const long Most = 64;

    // Up to here the weight's rows are best taken as the left factor.
    private const long WeightFirst = 4;

    /// <summary>x [..., in] to x W^T + b [..., out], as <c>nn.functional.linear</c>; the last bits may differ.</summary>
    public static Tensor Linear(Tensor x, Tensor weight, Tensor? bias)
    {
        long columns = weight.shape[1], rows = x.numel() / columns;
        long parts = rows is > 0 and <= Most && !is_grad_enabled() && x.dtype == ScalarType.Float32 && x.device_type == DeviceType.CPU && weight.is_contiguous() ? Parts(weight.shape[0], rows) : 1;
        if (parts == 1)
        {
            return nn.functional.linear(x, weight, bias!);
        }

        using var scope = NewDisposeScope();
        long each = weight.shape[0] / parts;
        Tensor x_NI = x.reshape(rows, columns), weight_POI = weight.view(parts, each, columns);
        Tensor y = rows <= WeightFirst
            ? weight_POI.bmm(x_NI.t().unsqueeze(0).expand(parts, columns, rows)).view(weight.shape[0], rows).t()
            : x_NI.unsqueeze(0).expand(parts, rows, columns).bmm(weight_POI.transpose(1, 2)).transpose(0, 1);
        y = y.contiguous().view([.. x.shape[..^1], weight.shape[0]]);
        return (bias is null ? y : y.add(bias, Diagnostics.KeptScalar.One)).MoveToOuterDisposeScope();
    }

    // A power of two, so that it divides the usual widths. Two parts pay even on one thread for the fewest rows.
    private static long Parts(long outputs, long rows)
    {
        long threads = get_num_threads(), parts = rows <= WeightFirst ? 2 : 1;
        while (parts * 2 <= threads)
        {
            parts *= 2;
        }

        while (outputs % parts != 0)
        {
            parts /= 2;
        }

        return parts;
    }
}
