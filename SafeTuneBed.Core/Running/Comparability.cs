namespace SafeTuneBed.Running;

/// <summary>Whether two numbers may be compared: only where both rows were asked the same things in the same way.</summary>
internal static class Comparability
{
    /// <summary>Looks at what the rows tell of themselves. Models differ by nature in their templates, so these count only within one model.</summary>
    /// <exception cref="SafeTuneBedException">Something differs; the message names it with both values.</exception>
    public static void Check(ReportRow first, ReportRow second, string key)
    {
        string asked = RowSettings.AskedPrefix + key.Split('/')[0];
        (string Field, string? First, string? Second)[] fields =
        [
            ("definition", Version(first, key), Version(second, key)),
            ("item set", Part(first, asked, 0), Part(second, asked, 0)),
            ("decoding", Part(first, asked, 1), Part(second, asked, 1)),
            ("template", TemplateOf(first), first.Model == second.Model ? TemplateOf(second) : TemplateOf(first)),
        ];
        foreach ((string field, string? a, string? b) in fields.Where(f => f.First is not null && f.Second is not null && f.First != f.Second))
        {
            throw new SafeTuneBedException(
                $"'{key}' of '{first.Method}' on '{first.Dataset}' and of '{second.Method}' on '{second.Dataset}' can't be compared, because the {field} differs: {a} and {b}. Evaluate both in the same way.");
        }
    }

    private static string? Version(ReportRow row, string key) => row[key]?.DefinitionVersion.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string? TemplateOf(ReportRow row) => row.Settings.GetValueOrDefault("Template");

    // "520 items 0123456789abcdef, greedy, at most 512 tokens": the items, then the decoding.
    private static string? Part(ReportRow row, string asked, int part)
    {
        if (!row.Settings.TryGetValue(asked, out string? text) || text.Contains(" / ", StringComparison.Ordinal))
        {
            return null; // seeds that were asked differently are told apart item by item
        }

        string[] parts = text.Split(", ", 2);
        return part < parts.Length ? parts[part] : null;
    }
}
