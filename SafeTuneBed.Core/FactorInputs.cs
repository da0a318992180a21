using static TorchSharp.torch;

namespace SafeTuneBed;

/// <summary>Sums of squares of what goes into an adapter's factors: A reads the layer's inputs x, B reads A x.</summary>
public sealed class FactorInputs
{
    private readonly double[] ofA;
    private readonly double[] ofB;

    internal FactorInputs(WeightTarget target, double[] ofA, double[] ofB) => (Target, this.ofA, this.ofB) = (target, ofA, ofB);

    /// <summary>The layer.</summary>
    public WeightTarget Target { get; }

    /// <summary>For each of A's columns, [in].</summary>
    public IReadOnlyList<double> OfA => ofA;

    /// <summary>For each of B's columns, [r].</summary>
    public IReadOnlyList<double> OfB => ofB;

    /// <summary>Adds some tokens' inputs, [tokens, in].</summary>
    internal void Add(Tensor x)
    {
        Add(ofA, x);
        Add(ofB, x.mm(Target.A.t().to(x.device)));
    }

    private static void Add(double[] sums, Tensor x)
    {
        float[] squares = x.mul(x).sum([0L]).cpu().data<float>().ToArray();
        for (int j = 0; j < sums.Length; j++)
        {
            sums[j] += squares[j];
        }
    }
}
