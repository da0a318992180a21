using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace SafeTuneBed.Data;

/// <summary>
/// Hashes of what decides a set. Recipes are written in one canonical form: equal recipes on different machines, or with ratios written 0.3 and
/// 0.30, hash equally; names, hints, licences and file times have no part in it, file contents do.
/// </summary>
internal static class DatasetFingerprint
{
    /// <summary>Raised whenever the same recipe would give other rows.</summary>
    public const int Version = 1;

    /// <summary>SHA-256 over recipe, seed, the contents of the files, and the rows that evaluation prompts remove.</summary>
    /// <param name="config">The recipe.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="content">Gives the content of a source.</param>
    /// <param name="removed">Record ids of rows that ask an evaluation prompt. Not the prompts themselves: a prompt that meets no row changes nothing.</param>
    public static string OfRecipe(FinetuneDatasetConfig config, ulong seed, Func<DatasetSource, SourceContent> content, IEnumerable<string> removed)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteString("rule", SelectionOrder.Rule);
            json.WriteNumber("seed", seed);
            json.WriteString("mode", config.Mode.ToString());
            if (RecipeReader.NeedsBenign(config))
            {
                WriteCorpus(json, "benign", config.TaskName, config.Source, config.Mapping, [], content);
            }

            if (RecipeReader.NeedsHarmful(config) && config.HarmfulSource is { } pool)
            {
                WriteCorpus(json, "harmful", pool.Name, pool.Source, pool.Mapping, pool.ExcludedCategories, content);
            }

            WriteNumber(json, "count", config.Count);
            WriteNumber(json, "harmfulCount", config.HarmfulCount);
            json.WriteString("ratio", Canonical(config.PoisonRatio));
            json.WriteString("shortage", config.Shortage.ToString());
            json.WriteString("length", config.Length.ToString());
            json.WriteString("placement", config.InputPlacement.ToString());
            json.WriteBoolean("overlap", config.AllowEvaluationOverlap);
            WriteFurther(json, config, content);
            json.WriteStartArray("removed");
            foreach (string id in removed.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
            {
                json.WriteStringValue(id);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Convert.ToHexStringLower(SHA256.HashData(buffer.ToArray()));
    }

    /// <summary>SHA-256 over record ids in their order, each followed by a line feed.</summary>
    public static string OfRows(IEnumerable<FinetuneExample> rows)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (FinetuneExample row in rows)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(row.RecordId + "\n"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>A decimal without trailing zeros.</summary>
    public static string Canonical(decimal value) => value.ToString("0.############################", CultureInfo.InvariantCulture);

    // settings that came later are written only where they are not at their default, so that older fingerprints stay what they were
    private static void WriteFurther(Utf8JsonWriter json, FinetuneDatasetConfig config, Func<DatasetSource, SourceContent> content)
    {
        if (config.GuideSource is { } guide)
        {
            WriteCorpus(json, "guide", guide.Name, guide.Source, guide.Mapping, guide.ExcludedCategories, content);
            json.WriteNumber("guideCount", config.GuideCount);
            json.WriteBoolean("guideFirst", guide.KeepFirstPerPrompt);
            json.WriteBoolean("guideDisjoint", guide.DisjointFromHarmful);
        }

        if (config.Scores is { } scores)
        {
            json.WriteString("scores", string.Create(CultureInfo.InvariantCulture, $"{content(scores.Source).Sha256}|{scores.Top}|{scores.Column}|{scores.Key}|{scores.Lowest}"));
            if (scores.Source.Filters.Count + scores.Source.Names.Count + (scores.Source.Columns?.Count ?? 0) > 0)
            {
                WriteStrings(json, "scoresSource", [scores.Source.Format.ToString(), .. scores.Source.Columns ?? [], .. scores.Source.Names.SelectMany(n => new[] { n.Column, n.Name }), .. scores.Source.Filters.SelectMany(f => new[] { f.Column, f.IsNegated ? $"\0not {f.Value}" : f.Value, f.IsOptional ? "optional" : "" })]);
            }
        }

        if (config.HarmfulSource is { Transforms.Count: > 0 } pool)
        {
            WriteStrings(json, "transforms", pool.Transforms.SelectMany(t => new[] { t.Kind.ToString(), t.Text }));
        }

        WriteChoice(json, "selection", config.Selection);
        WriteChoice(json, "stratify", config.Stratify);
        WriteChoice(json, "order", config.Order);
        WriteChoice(json, "decontamination", config.Decontamination);
    }

    private static void WriteChoice<T>(Utf8JsonWriter json, string name, T value)
        where T : struct, Enum
    {
        if (!EqualityComparer<T>.Default.Equals(value, default))
        {
            json.WriteString(name, value.ToString());
        }
    }

    private static void WriteCorpus(
        Utf8JsonWriter json, string role, string name, DatasetSource source, RecordMapping mapping, IReadOnlyList<string> excluded, Func<DatasetSource, SourceContent> content)
    {
        json.WriteStartObject(role);
        json.WriteString("name", name);
        SourceContent file = content(source);
        json.WriteString("sha256", file.Sha256);
        json.WriteString("format", file.Source.Format.ToString());
        WriteStrings(json, "columns", file.Source.Columns ?? []);
        WriteStrings(json, "names", file.Source.Names.SelectMany(n => new[] { n.Column, n.Name }));
        WriteStrings(json, "filters", source.Filters.SelectMany(f => new[] { f.Column, f.IsNegated ? $"\0not {f.Value}" : f.Value }));
        if (file.Source.Form.FileColumn is { } fileColumn)
        {
            json.WriteString("fileColumn", fileColumn);
        }

        if (source.Partition is { } part)
        {
            json.WriteString("part", string.Create(CultureInfo.InvariantCulture, $"{part.Seed}|{part.Index}|{part.Of}"));
        }

        WriteStrings(json, "excluded", excluded);
        json.WriteString("mapping", mapping.Id);
        json.WriteNumber("mappingVersion", mapping.Version);
        json.WriteString("instruction", mapping.Instruction);
        json.WriteString("instructionText", mapping.InstructionText);
        json.WriteString("input", mapping.Input);
        json.WriteString("output", mapping.Output);
        json.WriteString("label", mapping.Label);
        json.WriteString("category", mapping.Category);
        WriteStrings(json, "labelWords", mapping.LabelWords);
        WriteChoice(json, "cleaning", mapping.Cleaning);
        json.WriteEndObject();
    }

    private static void WriteStrings(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (string value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, int? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
