using System.Collections;

namespace SafeTuneBed.Running;

/// <summary>Whether a method and its control have what they share in common: the training, the adapters, the rows, and the options that both their classes inherit.</summary>
internal static class ControlDrift
{
    /// <summary>The cells, with a warning on each whose control in the same grid was given other settings.</summary>
    public static IReadOnlyList<Cell> Warn(IReadOnlyList<Cell> cells)
    {
        var byPlace = cells.ToDictionary(c => (c.Model.Model.DisplayName, c.Method, c.DatasetName, c.Seed));
        return [.. cells.Select(c => c.Control is { } name && byPlace.TryGetValue((c.Model.Model.DisplayName, name, c.DatasetName, c.Seed), out Cell? control)
            && Find(c, control) is { } warning ? c with { Warnings = [.. c.Warnings, warning] } : c)];
    }

    private static string? Find(Cell cell, Cell control)
    {
        FinetuneExperimentConfig mine = cell.Experiment!, theirs = control.Experiment!;
        List<string> apart = [];
        if (cell.Trains && control.Trains)
        {
            apart.AddRange(Compare("Training", Plain(mine.Training), Plain(theirs.Training)).Concat(Compare("Lora", mine.Lora, theirs.Lora)));
        }

        foreach ((MethodPartConfig own, MethodPartConfig other) in mine.Parts.Zip(theirs.Parts))
        {
            if (own.Training is { } training && other.Training is { } training2)
            {
                apart.AddRange(Compare($"{own.Method}:Training", Plain(training), Plain(training2)).Concat(Compare($"{own.Method}:Lora", own.Lora, other.Lora)));
            }

            if (own.Method != other.Method && own.Options is { } options && other.Options is { } options2)
            {
                apart.AddRange(Shared(options, options2).Select(p => $"{own.Method}:{p}"));
            }
        }

        return apart.Count == 0 ? null
            : $"its control '{control.Method}' was given other settings that the two share: {string.Join("; ", apart)}. What differs between them may be due to these: give both the same.";
    }

    private static TrainingConfig Plain(TrainingConfig training) => training with { GradientCheckpointing = false }; // which changes no number

    // What can be set; what follows from it is not told again.
    private static IEnumerable<string> Compare<T>(string path, T? mine, T? theirs) => mine is null || theirs is null ? [] : typeof(T).GetProperties().Where(p => p.CanWrite)
        .Select(p => (p.Name, Mine: p.GetValue(mine), Theirs: p.GetValue(theirs))).Where(p => !SettingLayers.AreEqual(p.Mine, p.Theirs))
        .Select(p => $"{path}:{p.Name} {Text(p.Mine)} and {Text(p.Theirs)}");

    private static string Text(object? value) => value switch
    {
        null => "none",
        string text => text,
        IEnumerable items => string.Join(", ", items.Cast<object?>().Select(Text)),
        _ => FormattableString.Invariant($"{value}"),
    };

    // What a class of both their bases declares; an alignment's training and adapters are compared as they are resolved.
    private static IEnumerable<string> Shared(MethodOptions mine, MethodOptions theirs)
    {
        Type? common = mine.GetType() == theirs.GetType() ? mine.GetType().BaseType : mine.GetType(); // one class under two names differs on purpose
        while (common is not null && !common.IsInstanceOfType(theirs))
        {
            common = common.BaseType;
        }

        return common is null || common == typeof(MethodOptions) || common == typeof(object) ? [] : OptionValue.Of(common)
            .Where(v => !v.Path.StartsWith("Training:", StringComparison.Ordinal) && !v.Path.StartsWith("Lora:", StringComparison.Ordinal))
            .Where(v => !SettingLayers.AreEqual(v.Get(mine), v.Get(theirs)))
            .Select(v => $"{v.Path} {Text(v.Get(mine))} and {Text(v.Get(theirs))}");
    }
}
