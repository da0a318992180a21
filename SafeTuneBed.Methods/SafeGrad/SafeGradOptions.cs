using System.ComponentModel.DataAnnotations;

namespace SafeTuneBed.Methods.SafeGrad;

/// <summary>Settings of SafeGrad.</summary>
public sealed class SafeGradOptions : MethodOptions
{
    /// <summary>
    /// rho, 0 to 100: the weight of the alignment gradient beside the user's projected one. Default 1, the paper's
    /// (arXiv 2508.07172); 0 projects alone.
    /// </summary>
    [Range(0.0, 100.0)]
    public double Rho { get; set; } = 1;
}
