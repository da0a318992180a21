using System.ComponentModel.DataAnnotations;

namespace SafeTuneBed.Methods.Antidote;

/// <summary>Settings of Antidote.</summary>
public sealed class AntidoteOptions : MethodOptions
{
    /// <summary>
    /// The share of each row's numbers that are set to zero, 0 to 1. Default 0.1, the authors' scripts' (arXiv
    /// 2408.09600). A row of n numbers keeps the whole part of n (1 - density), so that 4 of 32 go; 0 changes nothing.
    /// </summary>
    [Range(0.0, 1.0)]
    public double Density { get; set; } = 0.1;

    /// <summary>
    /// Whether the inputs of a block are those behind the blocks already worked on, as in the authors' code: one pass
    /// over the rows for each block. False: those of the trained adapter, one pass in all. Default true.
    /// </summary>
    public bool Repropagate { get; set; } = true;

    /// <summary>
    /// Whether a number's size is weighed by what goes into it on harmful rows, the method. False is its ablation, |w|
    /// alone. Default true.
    /// </summary>
    public bool WeighsInputs { get; set; } = true;

    /// <summary>How many of a row's numbers are set to zero.</summary>
    internal int ZeroedOf(long columns) => (int)(columns - (long)(columns * (1 - Density)));
}
