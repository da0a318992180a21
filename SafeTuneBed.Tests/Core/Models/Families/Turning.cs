namespace SafeTuneBed.Tests.Core.Models.Families;

/// <summary>Angles per position, from the definitions of the rotary variants.</summary>
internal static class Turning
{
    /// <summary>theta^(-2 i / r).</summary>
    public static double[] Plain(double theta, int turned) => [.. Enumerable.Range(0, turned / 2).Select(i => 1 / Math.Pow(theta, 2.0 * i / turned))];

    public static double[] Linear(double theta, int turned, double factor) => [.. Plain(theta, turned).Select(a => a / factor)];

    public static double[] Divided(double theta, int turned, double[] factors) => [.. Plain(theta, turned).Zip(factors, (a, f) => a / f)];

    /// <summary>A ramp over the index of the angle between those that turn <paramref name="fast"/> and <paramref name="slow"/> times over the original context.</summary>
    public static double[] Yarn(double theta, int turned, double factor, double original, double fast = 32, double slow = 1, bool rounded = true)
    {
        // The index at which theta^(2 i / r) * 2 pi * turns = original.
        double Index(double turns) => turned / 2.0 * Math.Log(original / (2 * Math.PI * turns), theta);
        double begin = Index(fast), end = Index(slow);
        if (rounded)
        {
            begin = Math.Floor(begin);
            end = Math.Ceiling(end);
        }

        begin = Math.Max(0, begin);
        end = Math.Min(turned - 1, end);
        double[] plain = Plain(theta, turned);
        for (int i = 0; i < plain.Length; i++)
        {
            double stretched = i <= begin ? 0 : i >= end ? 1 : (i - begin) / (end - begin);
            plain[i] = (plain[i] * (1 - stretched)) + (plain[i] / factor * stretched);
        }

        return plain;
    }
}
