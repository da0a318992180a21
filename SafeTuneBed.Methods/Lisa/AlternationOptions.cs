using System.ComponentModel.DataAnnotations;

namespace SafeTuneBed.Methods.Lisa;

/// <summary>
/// How many steps of a run learn from the defender's rows: what LISA and its control share, so that one can be given
/// the other's budget.
/// </summary>
public abstract class AlternationOptions : MethodOptions, IValidatableObject
{
    /// <summary>
    /// K1: steps on the stream <c>align</c> in a cycle, 0 or more; 0 asks for no such rows. Null, the default: a tenth
    /// of an epoch's steps, at least 1, which is the paper's 100 for its 5,000 rows in batches of 5 (arXiv 2405.18641).
    /// </summary>
    [Range(0, 1_000_000)]
    public int? AlignmentSteps { get; set; }

    /// <summary>
    /// K2: steps on the user's rows in a cycle, 0 or more; with 0 the run learns from the defender's rows alone. Null,
    /// the default: the rest of the epoch, or nine times <see cref="AlignmentSteps"/> where that is set; the paper's
    /// 900 of 1,000.
    /// </summary>
    [Range(0, 1_000_000)]
    public int? FineTuningSteps { get; set; }

    /// <summary>
    /// Whether the user's batch of a step on the defender's rows waits for the next step on the user's. Default false,
    /// as published: it is passed over, so that an epoch of the user's rows ends with the epoch's steps, and K1 / (K1 +
    /// K2) of them are not learned from.
    /// </summary>
    public bool KeepUserBatches { get; set; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (AlignmentSteps is 0 && FineTuningSteps is 0)
        {
            yield return new ValidationResult(
                "AlignmentSteps and FineTuningSteps are both 0: no step would be left. Set one of them to 1 or more.");
        }
    }

    /// <summary>K1 and K2 of a run.</summary>
    /// <param name="epoch">Steps of one pass over the user's rows, 1 or more.</param>
    internal (int Alignment, int FineTuning) Cycle(int epoch)
    {
        int alignment = AlignmentSteps ?? Math.Max(1, (int)Math.Round(epoch / 10.0, MidpointRounding.AwayFromZero));
        return (alignment, FineTuningSteps ?? Math.Max(1, AlignmentSteps is null ? epoch - alignment : 9 * alignment));
    }
}
