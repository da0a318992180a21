namespace SafeTuneBed.Running;

/// <summary>One method of a pipeline, by its registered name.</summary>
/// <param name="Name">The registered name.</param>
/// <param name="Stage">Where it acts.</param>
/// <param name="Trains">Whether it trains, where it is a fine-tuning.</param>
internal sealed record MethodPart(string Name, MethodStage Stage, bool Trains);

/// <summary>
/// An entry of a grid's methods: registered methods joined by <c>+</c>, in the order of their stages whatever order they were written in. Exactly one of them fine-tunes; where none is
/// named, it is plain LoRA. Parts of one stage keep the order in which they were written.
/// </summary>
internal sealed class MethodPipeline
{
    /// <summary>Between the names of parts.</summary>
    public const char Separator = '+';

    /// <summary>The fine-tuning that is meant where none is named.</summary>
    public const string PlainFineTuning = "lora";

    private MethodPipeline(IEnumerable<MethodPart> parts) => Parts = [.. parts.OrderBy(p => p.Stage)];

    /// <summary>The parts, in the order in which they act.</summary>
    public IReadOnlyList<MethodPart> Parts { get; }

    /// <summary>The canonical form: in tables, folders and fingerprints.</summary>
    public string Name => NameOf(Parts);

    /// <summary>The one part that learns from the user's rows, or leaves the model as it is.</summary>
    public MethodPart FineTuning => Parts.Single(p => p.Stage == MethodStage.FineTuning);

    /// <summary>Whether it learns from the user's rows; not so for a control that leaves the model, or what an alignment stage made of it, as it is.</summary>
    public bool Trains => FineTuning.Trains;

    /// <summary>Whether it is the untouched model, the same for every seed.</summary>
    public bool IsUntouched => !Trains && Parts.Count == 1;

    /// <summary>The name of some parts of a pipeline.</summary>
    public static string NameOf(IEnumerable<MethodPart> parts) => string.Join(Separator, parts.Select(p => p.Name));

    /// <summary>The parts of one stage.</summary>
    public IEnumerable<MethodPart> At(MethodStage stage) => Parts.Where(p => p.Stage == stage);

    /// <summary>Reads an entry.</summary>
    /// <param name="written">Names joined by <c>+</c>.</param>
    /// <param name="find">The parts that a name stands for: one, several for an alias, or null where nothing has that name.</param>
    /// <param name="known">Names to choose from, for messages.</param>
    /// <exception cref="ConfigurationException">A name is unknown or repeated, or the parts don't go together.</exception>
    public static MethodPipeline Parse(string written, Func<string, IReadOnlyList<MethodPart>?> find, IEnumerable<string> known)
    {
        string[] names = written.Split(Separator, StringSplitOptions.TrimEntries);
        if (names.Any(n => n.Length == 0))
        {
            throw new ConfigurationException($"The pipeline '{written}' has an empty part. Join registered names by single '{Separator}', such as 'vaccine+lora'.");
        }

        var parts = new List<MethodPart>();
        foreach (string name in names)
        {
            parts.AddRange(find(name) ?? throw new ConfigurationException(
                $"There is no method '{name}'{(names.Length > 1 ? $" (in the pipeline '{written}')" : "")}.{NearestName.Hint(name, known)}"));
        }

        Check(written, parts);
        if (!parts.Any(p => p.Stage == MethodStage.FineTuning))
        {
            parts.Add(find(PlainFineTuning) is [{ Stage: MethodStage.FineTuning } plain]
                ? plain
                : throw new ConfigurationException($"The pipeline '{written}' names no method that fine-tunes, which means '{PlainFineTuning}', and that is not registered. Call AddLora(), or name another."));
        }

        return new MethodPipeline(parts);
    }

    private static void Check(string written, List<MethodPart> parts)
    {
        if (parts.GroupBy(p => p.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new ConfigurationException($"The pipeline '{written}' holds '{twice.Key}' twice. A method acts once in a run: name it once.");
        }

        MethodPart[] tuning = [.. parts.Where(p => p.Stage == MethodStage.FineTuning)];
        if (tuning.FirstOrDefault(p => !p.Trains) is { } control && parts.FirstOrDefault(p => p.Stage == MethodStage.PostFineTuning) is { } late)
        {
            throw new ConfigurationException($"'{control.Name}' fine-tunes nothing, so in the pipeline '{written}' there is no adapter for '{late.Name}' to work on. Leave one of them out.");
        }

        if (tuning.Length > 1)
        {
            throw new ConfigurationException(
                $"The pipeline '{written}' holds {tuning.Length} methods that fine-tune: {string.Join(" and ", tuning.Select(p => $"'{p.Name}'"))}. A run has one fine-tuning on the user's rows: give each an entry of its own.");
        }
    }
}
