using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using SafeTuneBed.Methods.Vaccine;

namespace SafeTuneBed.Methods.RandomVaccine;

/// <summary>
/// Settings of the ablation: the variance of its noise, and the training of its stage, which is that of Vaccine.
/// </summary>
public sealed class RandomVaccineOptions : PerturbedAlignmentOptions
{
    /// <summary>
    /// rho, 0 to 1000: the variance of the noise, for each number of an activation. Default 2, the authors' trainer's;
    /// 0 is plain training to the bit. Not comparable with Vaccine's rho, which is the length of the whole
    /// perturbation: n numbers of this noise have a length of about sqrt(rho n).
    /// </summary>
    [Range(0.0, 1000.0)]
    public double Rho { get; set; } = 2;

    /// <summary>
    /// Whether the noise is made as long as Vaccine's perturbation: rho is then its length, over all layers, rows and
    /// real tokens of a batch together, and the two methods differ by the direction alone. Give both the same rho.
    /// Default false, the published ablation.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] // what is not used is in no fingerprint
    public bool MatchesLength { get; set; }
}
