using SafeTuneBed.Models;
using static TorchSharp.torch;

namespace SafeTuneBed.Benchmarks;

/// <summary>What this machine can do at best, measured in the same run as what is held against it.</summary>
/// <param name="Flops">The fastest matrix product, in operations a second.</param>
/// <param name="Shape">Its shape and threads.</param>
/// <param name="Bandwidth">Bytes a second that one pass over a large block reads.</param>
internal sealed record Ceiling(double Flops, string Shape, double Bandwidth)
{
    private const int Runs = 7;

    /// <summary>Products of a decoder's own shapes over so many tokens, of 1,024^3 and of 2,048^3, on one and on all threads.</summary>
    public static Ceiling Measure(Decoder decoder, long tokens)
    {
        int threads = get_num_threads();
        IEnumerable<(long, long, long)> own = decoder.Linears.Select(l => (tokens, l.Weight.size(1), l.Weight.size(0))).Distinct();
        (double Flops, string Shape) best = (0, "");
        foreach ((long m, long k, long n) in own.Concat([(1024, 1024, 1024), (2048, 2048, 2048)]))
        {
            foreach (int used in new[] { 1, threads }.Distinct())
            {
                set_num_threads(used);
                double flops = Product(m, k, n, decoder.ComputeType);
                best = flops > best.Flops ? (flops, $"{m} x {k} x {n}, {used} threads") : best;
            }
        }

        set_num_threads(threads);
        return new Ceiling(best.Flops, best.Shape, ReadSpeed());
    }

    private static double Product(long m, long k, long n, ScalarType type)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Tensor a = randn([m, k]).to(type), b = randn([n, k]).to(type);
        return 2.0 * m * k * n / Best(() => a.mm(b.t()).Dispose());
    }

    private static double ReadSpeed()
    {
        using Tensor block = ones(1L << 27);   // 512 MB
        return block.numel() * 4 / Best(() => block.sum().Dispose());
    }

    private static double Best(Action work)
    {
        double best = double.MaxValue;
        for (int i = 0; i < Runs; i++)
        {
            using var scope = NewDisposeScope();
            best = Math.Min(best, WorkClock.Time(work));
        }

        return best;
    }
}
