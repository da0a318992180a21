using SafeTuneBed.Methods.Lisa;

namespace SafeTuneBed.Methods.GuideMix;

/// <summary>
/// Settings of the control: LISA's numbers of steps, of which the share of the defender's rows follows. Give it what
/// LISA is given.
/// </summary>
public sealed class GuideMixOptions : AlternationOptions
{
}
