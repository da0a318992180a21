namespace SafeTuneBed.Models.Families;

/// <summary>
/// Rotary settings of a configuration: <c>rope_theta</c> and <c>rope_scaling</c> (type under <c>rope_type</c> or the older <c>type</c>),
/// or <c>rope_parameters</c>, which holds both in newer files.
/// </summary>
internal static class RopeRecipe
{
    public static RopeOptions Read(ModelConfig config, double defaultTheta)
    {
        ModelConfig? section = config.Section("rope_parameters");
        double theta = section is not null && section.Has("rope_theta") ? section.Number("rope_theta", null, 0) : config.Number("rope_theta", defaultTheta, 0);
        section ??= config.Section("rope_scaling");
        foreach (ModelConfig place in section is null ? [config] : new[] { config, section })
        {
            if (place.Number("partial_rotary_factor", 1, 0) != 1)
            {
                config.Faults.Add("partial_rotary_factor is not 1, but only whole heads are rotated here");
            }
        }

        string? type = section?.Text("rope_type") ?? section?.Text("type");
        if (type is null && section is not null && section.Has("factor"))
        {
            config.Faults.Add("the rope scaling has a factor but no rope_type");
        }

        switch (type ?? "default")
        {
            case "default":
                return new RopeOptions { Theta = theta };
            case "linear":
                return new RopeOptions { Theta = theta, Scaling = RopeScaling.Linear, Factor = section!.Number("factor", null, 0) };
            case "llama3":
                double low = section!.Number("low_freq_factor", null, 0), high = section.Number("high_freq_factor", null, 0);
                if (high <= low)
                {
                    config.Faults.Add(FormattableString.Invariant($"high_freq_factor {high} is not above low_freq_factor {low}"));
                }

                return new RopeOptions
                {
                    Theta = theta,
                    Scaling = RopeScaling.Llama3,
                    Factor = section.Number("factor", null, 0),
                    LowFrequencyFactor = low,
                    HighFrequencyFactor = high,
                    OriginalContextLength = section.Integer("original_max_position_embeddings", null, 1, 1 << 30),
                };
            default:
                config.Faults.Add($"the rope type is {ModelFaults.Quote(type!)}, known are default, linear and llama3");
                return new RopeOptions { Theta = theta };
        }
    }
}
