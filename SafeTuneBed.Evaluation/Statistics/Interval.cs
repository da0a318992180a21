namespace SafeTuneBed;

/// <summary>A confidence interval, ends included.</summary>
/// <param name="Lower">Lower end.</param>
/// <param name="Upper">Upper end.</param>
public readonly record struct Interval(double Lower, double Upper)
{
    /// <summary>The part of the interval that lies on a scale.</summary>
    public Interval Clip(double minimum, double maximum) => new(Math.Clamp(Lower, minimum, maximum), Math.Clamp(Upper, minimum, maximum));
}
