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
}

/// <summary>Rotary position embedding (Su et al. 2021), halves layout.</summary>
internal sealed record RopeOptions
{
    /// <summary>The base of the frequencies.</summary>
    public required double Theta { get; init; }

    /// <summary>The kind of stretching.</summary>
    public RopeScaling Scaling { get; init; }

    /// <summary>By how much; 1 or more is usual. Used by linear and Llama 3.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>Llama 3: wavelengths above original context / this are stretched in full.</summary>
    public double LowFrequencyFactor { get; init; } = 1;

    /// <summary>Llama 3: wavelengths below original context / this are kept.</summary>
    public double HighFrequencyFactor { get; init; } = 4;

    /// <summary>Llama 3: the context before stretching.</summary>
    public int OriginalContextLength { get; init; }

    /// <summary>The d/2 angles per position, in double precision.</summary>
    /// <param name="headSize">d, even.</param>
    public double[] Frequencies(int headSize)
    {
        var frequencies = new double[headSize / 2];
        for (int i = 0; i < frequencies.Length; i++)
        {
            frequencies[i] = Stretch(Math.Pow(Theta, -2.0 * i / headSize));
        }

        return frequencies;
    }

    private double Stretch(double frequency)
    {
        switch (Scaling)
        {
            case RopeScaling.Linear:
                return frequency / Factor;
            case RopeScaling.Llama3:
                double wavelength = 2 * Math.PI / frequency;
                double turns = OriginalContextLength / wavelength;
                double kept = Math.Clamp((turns - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor), 0, 1);
                return (kept * frequency) + ((1 - kept) * frequency / Factor);
            default:
                return frequency;
        }
    }
}
