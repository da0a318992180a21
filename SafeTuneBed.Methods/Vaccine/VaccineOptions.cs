using System.ComponentModel.DataAnnotations;

namespace SafeTuneBed.Methods.Vaccine;

/// <summary>
/// Settings of Vaccine: its radius, and the training of its stage, whose defaults are those of the authors' scripts as
/// SafeTuneBed carries them (rank 8, alpha 4 and dropout 0.1 on every linear layer of a block; 50 epochs in batches of
/// 5, learning rate 1e-3 under a cosine with a tenth of warm-up, weight decay 0.1).
/// </summary>
public sealed class VaccineOptions : PerturbedAlignmentOptions
{
    /// <summary>
    /// rho, 0 to 1000: the length of the perturbation, over all layers, rows and positions of a batch together. Default
    /// 2, the paper's (arXiv 2402.01109) and its trainer's; 0 is plain training to the bit. It is absolute: the same
    /// rho is weaker for a larger batch, and for a model with larger activations.
    /// </summary>
    [Range(0.0, 1000.0)]
    public double Rho { get; set; } = 2;
}
