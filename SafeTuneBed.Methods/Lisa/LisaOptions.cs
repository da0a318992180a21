using System.ComponentModel.DataAnnotations;

namespace SafeTuneBed.Methods.Lisa;

/// <summary>Settings of LISA. The length of its two states is that of <see cref="AlternationOptions"/>.</summary>
public sealed class LisaOptions : AlternationOptions
{
    /// <summary>
    /// rho, 0 to 1000: how strongly each state is pulled to where the other one stopped. Default 1, the paper's; 0
    /// leaves the alternation alone (the paper's BSO). The pull is not divided by the number of parameters.
    /// </summary>
    [Range(0.0, 1000.0)]
    public double Rho { get; set; } = 1;

    /// <summary>
    /// As the authors' published trainer does it where it differs from the paper: no pull in the first tenth of the
    /// run's micro-steps, and states that are counted in micro-steps, so that they may change within an accumulation
    /// window. Default false: the paper's algorithm, counted in optimizer steps.
    /// </summary>
    public bool ReferenceCompatible { get; set; }
}
