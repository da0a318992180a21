using SafeTuneBed.Methods.SafeLora;

namespace SafeTuneBed.Methods.ScaleLora;

/// <summary>Settings of the control: give it those of the <see cref="SafeLoraOptions"/> it stands beside.</summary>
public sealed class ScaleLoraOptions : ProjectionOptions
{
}
