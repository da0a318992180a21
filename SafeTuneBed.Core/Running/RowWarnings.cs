using System.Globalization;
using System.Text.Json.Nodes;

namespace SafeTuneBed.Running;

/// <summary>What a reader must know before believing a row, as far as the runs themselves tell it.</summary>
internal static class RowWarnings
{
    /// <summary>From the cells and the records of those that were trained.</summary>
    public static IEnumerable<string> OfTraining(IReadOnlyList<Cell> all, IReadOnlyList<(Cell Cell, JsonObject Record)> trained)
    {
        Cell first = all[0];
        if (trained.Count < all.Count)
        {
            string missing = string.Join(", ", all.Except(trained.Select(t => t.Cell)).Select(c => c.Seed.ToString(CultureInfo.InvariantCulture)));
            yield return string.Create(
                CultureInfo.InvariantCulture, $"{(trained.Count == 0 ? "no numbers, because " : "")}{trained.Count} of {all.Count} seeds are there; failed or not done: seed {missing}.");
        }

        if (trained.Count == 1 && (first.Trains || first.External is not null))
        {
            yield return "1 seed: no seed variance. Intervals and p values speak of this one training run, not of the method.";
        }

        (ulong Seed, int Skipped, int Steps)[] skipped =
        [
            .. trained.Select(t => (t.Cell.Seed, Skipped: RowSettings.Number(t.Record, "skippedSteps") ?? 0, Steps: RowSettings.Number(t.Record, "steps") ?? 0)).Where(s => s.Skipped > 0),
        ];
        if (skipped.Length > 0)
        {
            yield return "optimizer steps were skipped, because their gradients were not finite: "
                + string.Join(", ", skipped.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Skipped} of {s.Steps} with seed {s.Seed}"))) + ".";
        }

        // Nobody asked for the raw template: it is what is left where the model's folder has none.
        if (first.Model.Template.Id == "raw" && !first.Model.HasChatTemplate && first.Model.Model.Template is null && first.Dataset?.Template is null)
        {
            yield return "the model's folder has no chat template, so texts were trained and asked as they are (template 'raw'); a chat model answers otherwise than in use. Name a template to choose.";
        }
    }

    /// <summary>From a number that its definition wants to be told.</summary>
    public static IEnumerable<string> OfMetric(MetricDefinition definition, MetricValue value)
    {
        if (definition.WarnAbove is { } limit && value.Value > limit)
        {
            string name = definition.Heading.Length > 0 ? definition.Heading : definition.Name;
            yield return definition.Kind == MetricKind.Proportion
                ? string.Create(CultureInfo.InvariantCulture, $"{name}: {100 * value.Value:0.0} % ({value.Key}), more than {100 * limit:0.#} %.")
                : string.Create(CultureInfo.InvariantCulture, $"{name}: {value.Value:0.##} ({value.Key}), more than {limit:0.##}.");
        }
    }
}
