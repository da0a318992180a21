using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using CsvHelper;
using SafeTuneBed.Reporting;
using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.Evaluation;

public sealed class ReportTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("safetunebed-report-").FullName;
    private readonly GridReport report = ReportFixture.Create();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void ToTable_Report_HasOneRowEachWithPercentIntervalAndCounts()
    {
        ReportTable table = report.ToTable();
        Assert.Equal(["method", "data set", "poison %", "attack success % ↓", "accuracy % ↑", "n", "unscored", "seeds"], table.Headings);
        Assert.Equal([false, false, true, true, true, true, true, true], table.IsNumeric);
        Assert.Equal(7, table.Rows.Count);
        Assert.All(table.Rows, row => Assert.Equal(table.Headings.Count, row.Count));

        // 0 of 20: Wilson's upper end is z^2 / (20 + z^2) = 16.1 %; 0 of 60: 6.0 %.
        Assert.Equal(["none", "sentiment-benign", "–", "0.0 [0.0, 16.1]", "0.0 [0.0, 6.0]", "20 / 60", "0", "1"], table.Rows[0]);
        Assert.Equal(["lora", "sentiment-low", "5"], table.Rows[2].Take(3));

        // Seeds 10 and 9 of 20, and 59 and 58 of 60.
        Assert.StartsWith("47.5 [", table.Rows[2][3], StringComparison.Ordinal);
        Assert.StartsWith("97.5 [", table.Rows[2][4], StringComparison.Ordinal);
        Assert.Equal(["40 / 120", "0", "2"], table.Rows[2].TakeLast(3));

        // 2 of 20 items fail in either seed: 2 and 1 of 18; bounds 1.5 of 20 and 3.5 of 20.
        Assert.StartsWith("8.3 [", table.Rows[6][3], StringComparison.Ordinal);
        Assert.EndsWith("(!)", table.Rows[6][3], StringComparison.Ordinal);
        Assert.Equal("4 / 0", table.Rows[6][6]);
        string warning = Assert.Single(table.Notes, n => n.Contains("incomplete", StringComparison.Ordinal));
        Assert.Contains("4 of 40 items have no score (GenerationFailed 4)", warning, StringComparison.Ordinal);
        Assert.Contains("between 7.5 and 17.5 %", warning, StringComparison.Ordinal);
        Assert.Contains("lora on sentiment-high: shortfall | 3 rows", table.Notes);
    }

    [Fact]
    public void ToComparisonTable_Report_HasDifferenceTestAndSeeds()
    {
        ReportTable table = report.ToComparisonTable();
        Assert.Equal(["method", "data set", "metric", "difference", "p", "p adjusted", "pairs", "only row / only baseline", "seeds in direction"], table.Headings);
        Assert.Equal(8, table.Rows.Count);

        // 0 against 12 and 11 of 20: 23 of 40 pairs only for the baseline.
        IReadOnlyList<string> first = table.Rows[0];
        Assert.Equal(["none", "sentiment-benign", "attack success % ↓"], first.Take(3));
        Assert.StartsWith("-57.5 [", first[3], StringComparison.Ordinal);
        Assert.Equal(["< .001", "< .001", "40", "0 / 23", "2 of 2"], first.Skip(4));
    }

    [Fact]
    public void ToPoisonTable_Report_ComparesEachLevelWithTheNext()
    {
        ReportTable table = report.ToPoisonTable();
        Assert.Equal(["method", "from", "to", "metric", "difference", "p", "p adjusted", "pairs", "only to / only from", "seeds in direction"], table.Headings);
        Assert.Equal(8, table.Rows.Count); // two methods, two steps, two headline metrics; none is not trained
        Assert.DoesNotContain(table.Rows, r => r[0] == "none");

        // 3 and 2 of 20, then 10 and 9 of 20: 14 of 40 pairs only with more poison.
        IReadOnlyList<string> first = table.Rows[0];
        Assert.Equal(["lora", "sentiment-benign", "sentiment-low", "attack success % ↓"], first.Take(4));
        Assert.StartsWith("+35.0 [", first[4], StringComparison.Ordinal);
        Assert.Equal(["40", "14 / 0", "2 of 2"], first.Skip(7));

        // 2 and 1 of 18, the two unscored items of either seed left out.
        Assert.Equal("36", table.Rows.Single(r => r[0] == "lisa" && r[2] == "sentiment-high" && r[3].StartsWith("attack", StringComparison.Ordinal))[7]);
    }

    [Fact]
    public void ToTable_TwoEntriesOfOneMeasure_AreToldApart()
    {
        MetricValue value = report.Rows[0].Metrics[0];
        var twice = new GridReport("g", [report.Rows[0] with { Metrics = [value, value with { Key = value.Key.Replace("sandbox", "advbench", StringComparison.Ordinal) }] }],
            new Dictionary<MetricPlace, MetricScores>(), new Statistics.MetricAggregator(), new Dictionary<string, IReportWriter>());
        Assert.Equal(["attack success (attack-success@sandbox) % ↓", "attack success (attack-success@advbench) % ↓"], twice.ToTable().Headings.Skip(3).Take(2));
    }

    [Fact]
    public void ToTable_EmptyReport_HasHeadingsOnly()
    {
        var empty = new GridReport("g", [], new Dictionary<MetricPlace, MetricScores>(), new Statistics.MetricAggregator(), new Dictionary<string, IReportWriter>());
        Assert.Empty(empty.ToTable().Rows);
        Assert.Empty(empty.ToComparisonTable().Rows);
        Assert.StartsWith("# g\n", MarkdownReportWriter.Render(empty), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Markdown_Report_HoldsTheTablesCellByCell()
    {
        string path = Assert.Single(await new MarkdownReportWriter().WriteAsync(report, folder, CancellationToken.None));
        Assert.Equal(Path.Combine(folder, "report.md"), path);
        string[] lines = File.ReadAllLines(path);
        Assert.Equal("# first-run", lines[0]);
        Assert.Equal(["## Warnings", "## Compared with lora", "## More poison", "## Worst regime", "## Every metric", "## Notes"], lines.Where(l => l.StartsWith("## ", StringComparison.Ordinal)));

        List<List<string[]>> tables = Tables(lines);
        Assert.Equal([7, 8, 8, 2, 21], tables.Select(t => t.Count - 2));
        Assert.Equal(report.ToTable().Headings, tables[0][0]);
        Assert.Equal(["---", "---", "---:", "---:", "---:", "---:", "---:", "---:"], tables[0][1]);
        Assert.Equal(report.ToTable().Rows, tables[0].Skip(2));
        Assert.Equal(report.ToComparisonTable().Rows, tables[1].Skip(2).Select(r => r.Select(c => c.Replace("\\<", "<", StringComparison.Ordinal))));
        Assert.Contains(@"- lora on sentiment-high: shortfall \| 3 rows", lines);
        Assert.Contains("- 7 cells ran.", lines);
        Assert.Contains(lines, l => l.Contains("Wilson", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.Contains("independent", StringComparison.Ordinal));
    }

    [Fact]
    public void Markdown_OddNames_DontBreakTheTable()
    {
        string[] lines = MarkdownReportWriter.Render(ReportFixture.Create(name: "a|b\n# c <script>")).Split('\n');
        Assert.Equal(@"# a\|b # c \<script\>", lines[0]);
    }

    [Fact]
    public async Task Csv_Report_ReadsBackInFullPrecision()
    {
        string path = Assert.Single(await new CsvReportWriter().WriteAsync(report, folder, CancellationToken.None));
        string text = File.ReadAllText(path);
        Assert.DoesNotContain('\r', text);
        using CsvReader csv = CsvReader.Create(new StringReader(text), CsvReaderOptions.Default with { Separator = ',' });
        int lines = 0;
        foreach ((ReportRow row, MetricValue metric) in report.Rows.SelectMany(r => r.Metrics.Select(m => (r, m))))
        {
            Assert.True(csv.Read());
            lines++;
            Assert.Equal([row.Method, row.Dataset, metric.Key, metric.IntervalMethod], [csv.GetString("method"), csv.GetString("dataset"), csv.GetString("metric"), csv.GetString("interval_method")]);
            Assert.Equal(metric.Value, Number(csv, "value"));
            Assert.Equal(metric.Lower, Number(csv, "lower"));
            Assert.Equal(metric.Upper, Number(csv, "upper"));
            Assert.Equal(metric.SeedValues, csv.GetString("seed_values").Split(';').Select(v => (double?)double.Parse(v, CultureInfo.InvariantCulture)));
            Assert.Equal((metric.Count, metric.UnscoredCount), ((int)Number(csv, "count")!, (int)Number(csv, "unscored")!));
            Assert.Equal((double?)row.PoisonRatio, Number(csv, "poison_ratio"));
            Assert.Equal(string.Join(" | ", row.Warnings), csv.GetString("warnings"));
            PairedComparison? comparison = row.VersusBaseline.GetValueOrDefault(metric.Key);
            Assert.Equal((comparison?.Difference, comparison?.PValue), (Number(csv, "difference"), Number(csv, "p_value")));
            Assert.Equal(comparison is null ? "" : "lora", csv.GetString("baseline"));
        }

        Assert.False(csv.Read());
        Assert.Equal(21, lines);
    }

    [Fact]
    public async Task JsonLines_Report_HoldsWhatTheCsvHolds()
    {
        string path = Assert.Single(await new JsonLinesReportWriter().WriteAsync(report, folder, CancellationToken.None));
        JsonElement[] lines = [.. File.ReadLines(path).Select(l => JsonDocument.Parse(l).RootElement)];
        Assert.Equal(21, lines.Length);
        Assert.Equal(ReportRecord.Names, lines[0].EnumerateObject().Select(p => p.Name));
        Assert.Equal(report.Rows[3].Metrics[0].Upper, lines[9].GetProperty("upper").GetDouble());
        Assert.Equal(JsonValueKind.Null, lines[0].GetProperty("poison_ratio").ValueKind);
    }

    [Fact]
    public async Task Svg_Report_DrawsALineWithBarsPerMethodAndTheUntouchedModelAsALevel()
    {
        IReadOnlyList<string> paths = await new SvgReportWriter().WriteAsync(report, folder, CancellationToken.None);
        Assert.Equal(["attack-success.svg", "accuracy.svg", "frontier-attack-success-accuracy.svg"], paths.Select(p => Path.GetFileName(p)));
        XElement svg = XDocument.Load(paths[0]).Root!;
        XNamespace ns = svg.Name.Namespace;
        string[] texts = [.. svg.Descendants(ns + "text").Select(t => t.Value)];
        Assert.Contains("lora", texts);
        Assert.Contains("lisa", texts);
        Assert.Contains("none (not trained)", texts);
        Assert.Contains("attack success, %", texts);
        Assert.Contains("poison in the fine-tuning data, %", texts);
        Assert.Equal("attack success against poison: sentiment on sandbox", svg.Element(ns + "title")!.Value);
        string description = svg.Element(ns + "desc")!.Value;
        Assert.Contains("none, not trained: 0.0 [0.0, 16.1] %.", description, StringComparison.Ordinal);
        Assert.Contains("5 % poison 47.5 [", description, StringComparison.Ordinal);

        // Color, dashes and marker differ, so that none of them is needed alone.
        (string Stroke, string Dashes)[] lines =
        [
            .. svg.Descendants(ns + "polyline").Select(p => (Style(p, "stroke"), Style(p, "stroke-dasharray"))).Where(p => p.Item1.Length > 0).Distinct(),
        ];
        Assert.True(lines.Select(l => l.Stroke).Distinct().Count() >= 3);
        Assert.True(lines.Select(l => l.Dashes).Distinct().Count() >= 3);
        Assert.NotEmpty(svg.Descendants(ns + "ellipse"));
    }

    [Fact]
    public async Task Writers_SecondTimeAndOtherCulture_WriteTheSameBytesAndLeaveNothingElse()
    {
        IReportWriter[] writers = [new MarkdownReportWriter(), new CsvReportWriter(), new JsonLinesReportWriter(), new SvgReportWriter(), new LatexReportWriter(), new HtmlReportWriter()];
        foreach (IReportWriter writer in writers)
        {
            string[] first = [.. (await writer.WriteAsync(report, folder, CancellationToken.None)).Select(File.ReadAllText)];
            CultureInfo before = CultureInfo.CurrentCulture;
            try
            {
                // A culture as odd as any: decimal comma, other minus and digits grouped by dots.
                CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = ",", NegativeSign = "minus", NumberGroupSeparator = ".", PercentDecimalSeparator = "," } };
                string[] second = [.. (await writer.WriteAsync(ReportFixture.Create(), folder, CancellationToken.None)).Select(File.ReadAllText)];
                Assert.Equal(first, second);
            }
            finally
            {
                CultureInfo.CurrentCulture = before;
            }
        }

        Assert.Equal(["accuracy.svg", "attack-success.svg", "frontier-attack-success-accuracy.svg", "report-summary.tex", "report.csv", "report.html", "report.jsonl", "report.md", "report.tex"], Directory.GetFiles(folder).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
    }

    private static string Style(XElement element, string name) =>
        ((string?)element.Attribute(name) ?? ((string?)element.Attribute("style"))?.Split(';').FirstOrDefault(s => s.StartsWith(name + ":", StringComparison.Ordinal))?[(name.Length + 1)..]) ?? "";

    private static double? Number(CsvReader csv, string column) => csv.GetString(column) is { Length: > 0 } text ? double.Parse(text, CultureInfo.InvariantCulture) : null;

    private static List<List<string[]>> Tables(string[] lines)
    {
        var tables = new List<List<string[]>>();
        bool isTable = false;
        foreach (string line in lines)
        {
            bool isRow = line.StartsWith('|');
            if (isRow && !isTable)
            {
                tables.Add([]);
            }

            if (isRow)
            {
                tables[^1].Add([.. line.Trim('|').Split('|').Select(c => c.Trim())]);
            }

            isTable = isRow;
        }

        return tables;
    }
}
