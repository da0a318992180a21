using System.Globalization;
using System.Text.Json.Nodes;

namespace SafeTuneBed.Running;

/// <summary>What the cells of one row were made with, as text by name: the provenance that a report shows.</summary>
internal static class RowSettings
{
    /// <summary>Names of entries that are results rather than settings.</summary>
    public const string Runs = "Runs", Data = "Data", SkippedSteps = "SkippedSteps", Version = "SafeTuneBed";

    /// <summary>What the name of an entry begins with that tells what an evaluator asked.</summary>
    public const string AskedPrefix = "Asked:";

    private const int HashLength = 16;

    /// <summary>The settings of a row's cells; where seeds differ their values stand side by side.</summary>
    public static IReadOnlyDictionary<string, string> Of(IReadOnlyList<(Cell Cell, JsonObject Record)> cells)
    {
        var all = new OrderedDictionary<string, string>();
        (string Name, string Value)[][] each = [.. cells.Select(c => Of(c.Cell, c.Record).ToArray())];
        foreach (string name in each.SelectMany(e => e).Select(e => e.Name).Distinct())
        {
            all[name] = string.Join(" / ", each.Select(e => e.FirstOrDefault(s => s.Name == name).Value ?? "-").Distinct());
        }

        return all;
    }

    private static IEnumerable<(string Name, string Value)> Of(Cell cell, JsonObject record)
    {
        yield return ("Model", cell.Model.Fingerprint is var f && f.Length > HashLength ? f[..HashLength] : cell.Model.Fingerprint);
        yield return ("ComputeType", cell.Model.ComputeType.ToString());
        yield return ("Device", cell.Model.Device.Split(':')[0]);
        yield return ("Tokenizer", Short(cell.Model.Tokenizer.Fingerprint));
        yield return ("Template", $"{cell.Model.Template.Id} {Short(cell.Model.Template.Fingerprint)}");
        if (cell.External is not null)
        {
            yield return ("Artifact", Short(cell.Parts["artifact"]?.GetValue<string>() ?? ""));
        }

        if (cell.Rows is { } rows)
        {
            yield return ("Rows", string.Create(CultureInfo.InvariantCulture, $"{rows.Count} ({rows.HarmfulCount} poison)"));
            yield return ("Tokens", rows.Tokens.ToString(CultureInfo.InvariantCulture));
            yield return ("Steps", cell.Steps.ToString(CultureInfo.InvariantCulture));
            yield return (SkippedSteps, Number(record, "skippedSteps")?.ToString(CultureInfo.InvariantCulture) ?? "not recorded");
            foreach (var setting in Flatten("Training", CanonicalJson.ToNode(cell.Experiment!.Training, "training")).Concat(Flatten("Lora", CanonicalJson.ToNode(cell.Experiment.Lora, "the adapters"))))
            {
                yield return setting;
            }
        }

        foreach (var setting in Flatten("Method", CanonicalJson.ToNode(cell.Experiment?.Options, cell.Method)))
        {
            yield return setting;
        }

        foreach (MethodPartConfig part in cell.Experiment?.Parts.Where(p => p.Stage != MethodStage.FineTuning) ?? [])
        {
            foreach (var setting in Flatten($"Method:{part.Method}", CanonicalJson.ToNode(part.Options, part.Method)))
            {
                yield return setting;
            }
        }

        foreach (var setting in OfStreams("", cell))
        {
            yield return setting;
        }

        foreach (CompanionDescription companion in cell.Stages.Append(cell).SelectMany(c => c.Companions).DistinctBy(c => c.Kind))
        {
            yield return ($"Companion:{companion.Kind}", Short(companion.Fingerprint));
        }

        foreach (Cell stage in cell.Stages.Append(cell).Where(c => c.Part?.Stage == MethodStage.Alignment))
        {
            string at = $"Stage:{stage.Part!.Method}:";
            yield return (at + "Rows", stage.Rows!.Count.ToString(CultureInfo.InvariantCulture));
            yield return (at + "Steps", stage.Steps.ToString(CultureInfo.InvariantCulture));
            foreach (var setting in OfStreams(at, stage))
            {
                yield return setting;
            }
        }

        foreach (CellEvaluation evaluation in cell.Evaluations)
        {
            yield return (
                AskedPrefix + evaluation.Entry.Written,
                string.Create(CultureInfo.InvariantCulture, $"{evaluation.ItemCount} items {Short(evaluation.Parts["items"]!.GetValue<string>())}, {Describe(evaluation.Decoding)}"));
        }

        if (cell.Rows is not null)
        {
            yield return (Data, Short(cell.Rows.Fingerprint));
        }

        yield return (Version, record["environment"]?["safeTuneBed"]?.GetValue<string>() ?? "not recorded");
        yield return (Runs, Path.GetFileName(cell.Folder));
    }

    private static IEnumerable<(string Name, string Value)> OfStreams(string at, Cell cell) => cell.Streams.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => (
        $"{at}Stream:{s.Key}",
        string.Create(CultureInfo.InvariantCulture, $"{s.Value.Rows.Count} rows of {s.Value.Dataset.Name} {Short(s.Value.Rows.Fingerprint)}")));

    /// <summary>A whole number of a record; null where an older version did not write it.</summary>
    public static int? Number(JsonObject record, string name) => record[name] is JsonValue value && value.TryGetValue(out int number) ? number : null;

    private static string Describe(GenerationOptions decoding) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(decoding.UseModelDefaults ? "the model's own settings" : decoding.Temperature > 0 ? $"temperature {decoding.Temperature}, top-p {decoding.TopP}, top-k {decoding.TopK}" : "greedy")}, at most {decoding.MaxNewTokens} tokens{(decoding.RepetitionPenalty != 1 ? $", repetition penalty {decoding.RepetitionPenalty}" : "")}{(decoding.StopStrings.Count > 0 ? $", stops at {string.Join(" or ", decoding.StopStrings.Select(s => $"'{s}'"))}" : "")}");

    private static IEnumerable<(string Name, string Value)> Flatten(string path, JsonNode? node)
    {
        switch (node)
        {
            case null:
                break;
            case JsonObject members:
                foreach (var setting in members.SelectMany(m => Flatten($"{path}:{char.ToUpperInvariant(m.Key[0])}{m.Key[1..]}", m.Value)))
                {
                    yield return setting;
                }

                break;
            case JsonArray items when items.All(i => i is JsonValue):
                yield return (path, string.Join(", ", items.Select(i => i!.ToString())));
                break;
            case JsonValue value:
                yield return (path, value.ToString());
                break;
            default:
                yield return (path, CanonicalJson.Write(node));
                break;
        }
    }

    private static string Short(string hash) => hash.Length > HashLength ? hash[..HashLength] : hash;
}
