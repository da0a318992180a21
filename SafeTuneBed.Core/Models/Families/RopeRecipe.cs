namespace SafeTuneBed.Models.Families;

/// <summary>
/// Rotary settings of a configuration: <c>rope_theta</c> and <c>rope_scaling</c> (type under <c>rope_type</c> or the older <c>type</c>),
/// or <c>rope_parameters</c>, which holds both in newer files.
/// </summary>
internal static class RopeRecipe
{
    private const int MostPositions = 1 << 30;

    public static RopeOptions Read(ModelConfig config, double defaultTheta, RopeShape shape)
    {
        ModelConfig? section = config.Section("rope_parameters");
        double theta = config.Number("rope_theta", defaultTheta, 0);
        return Read(config, section ?? config.Section("rope_scaling"), theta, shape);
    }

    /// <summary>As above, with the section given.</summary>
    /// <param name="config">The whole configuration.</param>
    /// <param name="section"><c>rope_parameters</c>, <c>rope_scaling</c> or a part of the former; null for unscaled positions.</param>
    /// <param name="theta">The base where the section names none.</param>
    /// <param name="shape">What the settings refer to.</param>
    public static RopeOptions Read(ModelConfig config, ModelConfig? section, double theta, RopeShape shape)
    {
        var plain = new RopeOptions { Theta = section?.Number("rope_theta", theta, 0) ?? theta, Share = Share(config, section, shape) };
        string? type = section?.Text("rope_type") ?? section?.Text("type");
        if (section is null || type is null or "default")
        {
            if (type is null && section is not null && section.Has("factor"))
            {
                config.Faults.Add("the rope scaling has a factor but no rope_type");
            }

            return plain;
        }

        switch (shape.LongRopeAliases.Contains(type) ? "longrope" : type)
        {
            case "linear":
                return plain with { Scaling = RopeScaling.Linear, Factor = section.Number("factor", null, 0) };
            case "llama3":
                return Llama3(section, plain);
            case "yarn":
                return Yarn(config, section, plain, shape);
            case "longrope":
                return LongRope(config, section, plain, shape);
            default:
                config.Faults.Add($"the rope type is {ModelFaults.Quote(type)}, known are default, linear, llama3, longrope and yarn");
                return plain;
        }
    }

    private static double Share(ModelConfig config, ModelConfig? section, RopeShape shape)
    {
        ModelConfig place = section is not null && section.Has("partial_rotary_factor") ? section : config;
        double share = place.Number("partial_rotary_factor", 1, 0);
        if (share != 1 && (!shape.AllowsPart || share > 1))
        {
            config.Faults.Add(FormattableString.Invariant($"partial_rotary_factor is {share}, but {(shape.AllowsPart ? "at most the" : "this family turns")} whole heads{(shape.AllowsPart ? " can be turned" : "")}"));
            return 1;
        }

        return share;
    }

    private static RopeOptions Llama3(ModelConfig section, RopeOptions plain)
    {
        double low = section.Number("low_freq_factor", null, 0), high = section.Number("high_freq_factor", null, 0);
        if (high <= low)
        {
            section.Faults.Add(FormattableString.Invariant($"high_freq_factor {high} is not above low_freq_factor {low}"));
        }

        return plain with
        {
            Scaling = RopeScaling.Llama3,
            Factor = section.Number("factor", null, 0),
            LowFrequencyFactor = low,
            HighFrequencyFactor = high,
            OriginalContextLength = section.Integer("original_max_position_embeddings", null, 1, MostPositions),
        };
    }

    // The attention factor is given, or of two temperatures, or 0.1 ln(factor) + 1.
    private static RopeOptions Yarn(ModelConfig config, ModelConfig section, RopeOptions plain, RopeShape shape)
    {
        int original = section.Integer("original_max_position_embeddings", shape.ContextLength, 1, MostPositions);
        double factor = section.Number("factor", section.Has("original_max_position_embeddings") ? (double)shape.ContextLength / original : null, 0);
        double fast = section.Number("beta_fast", 32, 0), slow = section.Number("beta_slow", 1, 0);
        if (fast < slow)
        {
            config.Faults.Add(FormattableString.Invariant($"beta_fast {fast} is below beta_slow {slow}"));
        }

        double Temperature(double scale) => factor <= 1 ? 1 : (0.1 * scale * Math.Log(factor)) + 1;
        bool two = section.Has("mscale") && section.Has("mscale_all_dim");
        double implied = two ? Temperature(section.Number("mscale", null, 0)) / Temperature(section.Number("mscale_all_dim", null, 0)) : Temperature(1);
        return plain with
        {
            Scaling = RopeScaling.Yarn,
            Factor = factor,
            OriginalContextLength = original,
            FastTurns = fast,
            SlowTurns = slow,
            WholeBounds = section.Flag("truncate", true),
            AttentionFactor = section.Number("attention_factor", implied, 0),
        };
    }

    // The attention factor is given, or sqrt(1 + ln(factor) / ln(original context)), with the ratio of the contexts as the factor.
    private static RopeOptions LongRope(ModelConfig config, ModelConfig section, RopeOptions plain, RopeShape shape)
    {
        foreach (string name in new[] { "short_mscale", "long_mscale" }.Where(section.Has))
        {
            config.Faults.Add($"the rope scaling has {name}, which is not supported");
        }

        const string key = "original_max_position_embeddings";
        ModelConfig? place = config.Has(key) ? config : section.Has(key) ? section : null;
        int? known = place?.Integer(key, null, 1, MostPositions) ?? shape.OriginalContextLength;
        int original = known ?? shape.ContextLength;
        double factor = known is not null ? (double)shape.ContextLength / original : section.Number("factor", 1, 0);
        double implied = factor <= 1 || original < 2 ? 1 : Math.Sqrt(1 + (Math.Log(factor) / Math.Log(original)));
        int count = plain.RotarySize(shape.HeadSize) / 2;
        return plain with
        {
            Scaling = RopeScaling.LongRope,
            OriginalContextLength = original,
            ShortFactors = section.Numbers("short_factor", count),
            LongFactors = section.Numbers("long_factor", count),
            AttentionFactor = section.Number("attention_factor", implied, 0),
        };
    }
}
