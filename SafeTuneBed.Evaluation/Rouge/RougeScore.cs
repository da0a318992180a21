namespace SafeTuneBed.Rouge;

/// <summary>One overlap of two texts.</summary>
/// <param name="Precision">Share of the answer that the reference has.</param>
/// <param name="Recall">Share of the reference that the answer has.</param>
internal readonly record struct RougeScore(double Precision, double Recall)
{
    /// <summary>The harmonic mean of both; 0 where both are 0.</summary>
    public double F1 => Precision + Recall == 0 ? 0 : 2 * Precision * Recall / (Precision + Recall);

    /// <summary>Of a number of hits; 0 where a side is empty.</summary>
    public static RougeScore Of(int hits, int answer, int reference) => new(answer == 0 ? 0 : (double)hits / answer, reference == 0 ? 0 : (double)hits / reference);
}
