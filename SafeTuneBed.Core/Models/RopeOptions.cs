namespace SafeTuneBed.Models;

/// <summary>How rotary frequencies are stretched beyond the lengths a model was pretrained on.</summary>
internal enum RopeScaling
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>Every frequency is divided by the factor (position interpolation, Chen et al. 2023).</summary>
    Linear,

    /// <summary>Low frequencies are divided by the factor, high ones kept, those between blended (Llama 3.1).</summary>
    Llama3,

    /// <summary>As Llama 3, but blended by the number of the frequency, and with an attention factor (Peng et al. 2023).</summary>
    Yarn,

    /// <summary>Each frequency is divided by a factor of its own, of two sets by the length of the input, with an attention factor (Ding et al. 2024).</summary>
    LongRope,
}

/// <summary>Rotary position embedding (Su et al. 2021), halves layout.</summary>
internal sealed record RopeOptions
{
    /// <summary>The base of the frequencies.</summary>
    public required double Theta { get; init; }

    /// <summary>The kind of stretching.</summary>
    public RopeScaling Scaling { get; init; }

    /// <summary>By how much; 1 or more is usual. Used by linear, Llama 3 and YaRN.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>Llama 3: wavelengths above original context / this are stretched in full.</summary>
    public double LowFrequencyFactor { get; init; } = 1;

    /// <summary>Llama 3: wavelengths below original context / this are kept.</summary>
    public double HighFrequencyFactor { get; init; } = 4;

    /// <summary>Llama 3, YaRN, longrope: the context before stretching.</summary>
    public int OriginalContextLength { get; init; }

    /// <summary>YaRN: frequencies that turn more often than this over the original context are kept.</summary>
    public double FastTurns { get; init; } = 32;

    /// <summary>YaRN: frequencies that turn less often than this are stretched in full.</summary>
    public double SlowTurns { get; init; } = 1;

    /// <summary>YaRN: whether the two bounds are rounded outwards to whole frequencies.</summary>
    public bool WholeBounds { get; init; } = true;

    /// <summary>Longrope: divisors up to the original context, r/2 numbers.</summary>
    public IReadOnlyList<double> ShortFactors { get; init; } = [];

    /// <summary>Longrope: divisors beyond it, r/2 numbers.</summary>
    public IReadOnlyList<double> LongFactors { get; init; } = [];

    /// <summary>YaRN, longrope: multiplies cosines and sines, and so scores by its square.</summary>
    public double AttentionFactor { get; init; } = 1;

    /// <summary>The share of a head's coordinates that is turned.</summary>
    public double Share { get; init; } = 1;

    /// <summary>Inputs longer than this are turned otherwise, from their first token on; null where length makes no difference.</summary>
    public int? SwitchLength => Scaling == RopeScaling.LongRope ? OriginalContextLength : null;

    /// <summary>r, the coordinates of a head that are turned: the first ones.</summary>
    /// <param name="headSize">d.</param>
    public int RotarySize(int headSize) => (int)(headSize * Share);

    /// <summary>The r/2 angles per position, in double precision.</summary>
    /// <param name="headSize">d.</param>
    /// <param name="beyond">Whether the input is longer than <see cref="SwitchLength"/>.</param>
    public double[] Frequencies(int headSize, bool beyond = false)
    {
        int size = RotarySize(headSize);
        var frequencies = new double[size / 2];
        for (int i = 0; i < frequencies.Length; i++)
        {
            double frequency = Math.Pow(Theta, -2.0 * i / size);
            frequencies[i] = Scaling switch
            {
                RopeScaling.Linear => frequency / Factor,
                RopeScaling.Llama3 => Blend(frequency, KeptByWavelength(frequency)),
                RopeScaling.Yarn => Blend(frequency, KeptByNumber(i, size)),
                RopeScaling.LongRope => frequency / (beyond ? LongFactors : ShortFactors)[i],
                _ => frequency,
            };
        }

        return frequencies;
    }

    private double Blend(double frequency, double kept) => (kept * frequency) + ((1 - kept) * frequency / Factor);

    private double KeptByWavelength(double frequency)
    {
        double turns = OriginalContextLength * frequency / (2 * Math.PI);
        return Math.Clamp((turns - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor), 0, 1);
    }

    private double KeptByNumber(int i, int size)
    {
        (double fast, double slow) = (NumberOf(FastTurns, size), NumberOf(SlowTurns, size));
        if (WholeBounds)
        {
            (fast, slow) = (Math.Floor(fast), Math.Ceiling(slow));
        }

        (fast, slow) = (Math.Max(fast, 0), Math.Min(slow, size - 1));
        double width = fast == slow ? 0.001 : slow - fast;   // equal bounds would divide by 0
        return 1 - Math.Clamp((i - fast) / width, 0, 1);
    }

    // The number, in general no whole one, of the frequency that turns so often over the original context.
    private double NumberOf(double turns, int size) => size * Math.Log(OriginalContextLength / (turns * 2 * Math.PI)) / (2 * Math.Log(Theta));
}
