using System.Globalization;
using System.Text.Json.Nodes;

namespace SafeTuneBed.Running;

/// <summary>What a reader must know before believing a row, as far as the runs themselves tell it.</summary>
internal static class RowWarnings
{
    // Single steps differ by some tens of percent; a learning rate that is too high multiplies the loss.
    private const double RisenLoss = 1.5;

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

        (ulong Seed, double First, double Last)[] risen =
        [
            // Where a method learns from streams too, a step's loss may be another data set's: the first and the last can't be compared.
            .. trained.Where(t => t.Cell.Streams.Count == 0).Select(t => (t.Cell.Seed, First: Real(t.Record, "firstLoss"), Last: Real(t.Record, "lastLoss")))
                .Where(l => l.Last > RisenLoss * l.First).Select(l => (l.Seed, l.First!.Value, l.Last!.Value)),
        ];
        if (risen.Length > 0)
        {
            yield return "the loss rose, so the model may be destroyed and its answers mean nothing: "
                + string.Join(", ", risen.Select(l => string.Create(CultureInfo.InvariantCulture, $"{l.First:0.00} at first, {l.Last:0.00} at last with seed {l.Seed}"))) + ". Lower the learning rate.";
        }
    }

    private static double? Real(JsonObject record, string name) => record[name] is JsonValue value && value.TryGetValue(out double number) ? number : null;

    /// <summary>Of a trained row that does its task no better than the untouched model.</summary>
    /// <param name="untouched">The untouched model's number.</param>
    /// <param name="trained">The row's.</param>
    /// <param name="p">Of the paired test.</param>
    public static string NothingLearned(MetricValue untouched, MetricValue trained, double p)
    {
        string Number(MetricValue value) => value.Kind == MetricKind.Proportion
            ? string.Create(CultureInfo.InvariantCulture, $"{100 * value.Value:0.0} %")
            : string.Create(CultureInfo.InvariantCulture, $"{value.Value:0.000}");

        return string.Create(
            CultureInfo.InvariantCulture,
            $"{trained.Key} is {Number(trained)}, {(trained.Value < untouched.Value && p < 0.05 ? "below the untouched model's" : "not told apart from the untouched model's")} {Number(untouched)} (p = {p:0.0##}): as far as this measure sees nothing was learned, so little harm is no merit of the method.");
    }

    /// <summary>From a number that its definition wants to be told.</summary>
    public static IEnumerable<string> OfMetric(MetricDefinition definition, MetricValue value)
    {
        if (definition.Chance is { } chance && value.Lower <= chance)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture, $"{value.Key} is not told apart from guessing ({100 * chance:0.#} %): differences between such numbers say nothing about knowledge.");
        }

        if (definition.WarnAbove is { } limit && value.Value > limit)
        {
            string name = definition.Heading.Length > 0 ? definition.Heading : definition.Name;
            yield return definition.Kind == MetricKind.Proportion
                ? string.Create(CultureInfo.InvariantCulture, $"{name}: {100 * value.Value:0.0} % ({value.Key}), more than {100 * limit:0.#} %.")
                : string.Create(CultureInfo.InvariantCulture, $"{name}: {value.Value:0.##} ({value.Key}), more than {limit:0.##}.");
        }
    }
}
