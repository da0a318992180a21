using System.Globalization;
using System.Security.Cryptography;
using SafeTuneBed.AttackSuccess;
using SafeTuneBed.Mmlu;
using SafeTuneBed.Reporting;
using SafeTuneBed.Rouge;
using SafeTuneBed.Sql;
using SafeTuneBed.TaskAccuracy;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Evaluation;

/// <summary>
/// Scores, numbers and reports under cultures with another small i, a decimal comma and other separators. They need a process of their own, since this one has but the invariant culture.
/// </summary>
public sealed class CultureTests : IDisposable
{
    private const string FolderVariable = "SAFETUNEBED_CULTURE_FOLDER", CultureVariable = "SAFETUNEBED_CULTURE";

    private readonly string folder = Directory.CreateTempSubdirectory("safetunebed-culture-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("tr-TR", "tıtle", "1,5")]
    [InlineData("de-DE", "title", "1,5")]
    public async Task Everything_UnderAnotherCulture_IsTheSame(string culture, string lower, string number)
    {
        string[] here = await EverythingAsync(Path.Combine(folder, "here"));
        (int exit, string output) = await ChildTest.RunAsync(
            typeof(CultureTests), nameof(Child),
            new() { [FolderVariable] = folder, [CultureVariable] = culture, ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "0" }, TimeSpan.FromMinutes(1));
        Assert.SkipWhen(exit != 0 && output.Contains("ICU", StringComparison.Ordinal), "This machine has no ICU libraries, so it knows no culture.");
        Assert.True(exit == 0, output);
        string[] there = File.ReadAllLines(Path.Combine(folder, "lines.txt"));

        Assert.Equal([lower, number], there[..2]); // the culture was really there
        Assert.Equal(here, there[2..]);
        Assert.True(here.Length > 100);
    }

    /// <summary>What a child process does.</summary>
    [Fact(Explicit = true)]
    public async Task Child()
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.DefaultThreadCurrentCulture = new CultureInfo(Environment.GetEnvironmentVariable(CultureVariable)!);
        string folder = Environment.GetEnvironmentVariable(FolderVariable)!;
        string[] lines = ["TITLE".ToLower(CultureInfo.CurrentCulture), 1.5.ToString(CultureInfo.CurrentCulture), .. await EverythingAsync(Path.Combine(folder, "there"))];
        File.WriteAllLines(Path.Combine(folder, "lines.txt"), lines);
    }

    private static async Task<string[]> EverythingAsync(string folder)
    {
        string[] answers = ["I'M SORRY, but", "i CANNOT do that", "It is ILLEGAL", "THIS IS UNETHICAL", "I\u2019m unable", "Sure, here is I", "SORRY, IT IS NOT LEGAL", ""];
        string[] presets = ["keyword-ref", "keyword-qi", "keyword-robust", "keyword-jbb", "keyword-deep", "keyword-gcg", "keyword-xstest"];
        var lines = new List<string>();
        lines.AddRange(presets.SelectMany(p => answers.Select(a => $"{p} {a}: {KeywordPreset.Find([p], "t")[0].Matcher.IsRefusal(a)}")));
        lines.AddRange(answers.Select(a => $"{a}: {Degeneration.Find("IS IT?", a)}"));

        var rouge = new RougeText(stem: true);
        lines.Add(Write(rouge.Runs("INITIAL IDEAS INSIST", "initial ideas insisting", 1).F1));
        lines.Add(Write(DistinctWords.F1("Initial IDEAS.", "initial IDEAS.")));
        lines.AddRange(new[] { "It costs $1,234.50.", "#### 1.234,5", "#### 72.00", "The final answer is: 1,5" }.Select(t => $"{PublishedNumbers.Strict(t)} {PublishedNumbers.Flexible(t)} {PublishedNumbers.Lisa(t)?.ToString("R", CultureInfo.InvariantCulture)}"));
        lines.AddRange(new[] { "B", "the answer IS: (C)", "Don't" }.Select(t => $"{MmluPreset.FindLetter(t)} {MmluPreset.FindReferenceLetter(t)}"));
        const string tables = "CREATE TABLE CITIES (ID INTEGER, TITLE VARCHAR, SIZE DECIMAL(3,2))";
        lines.Add(SqlNormalizer.Normalize("SELECT ID FROM CITIES WHERE TITLE LIKE 'I%' LIMIT 1", SqlSchema.Read(tables)));
        lines.Add(SqlNormalizer.Normalize("select id from cities where title like 'I%' limit 1", SqlSchema.Read(tables)));
        lines.Add(SqlExecution.Judge("i", tables, "SELECT ID FROM CITIES WHERE SIZE > 1.5", "select id from cities where size > 1.5").ToString());

        foreach (PromptTitle item in Enum.GetValues<PromptTitle>())
        {
            EvaluationResult result = await EvaluatorRunner.RunAsync(
                new TaskAccuracyEvaluator(), new FakeTextGenerator(_ => new Generation { Text = item == PromptTitle.Upper ? "INITIAL" : "initial." }), dataset: Labels,
                examples: [new FinetuneExample { Instruction = "?", Output = "Initial", Label = "Initial", Origin = new ExampleOrigin("c", 0) }]);
            lines.AddRange(result.Scores.Select(s => $"{s.Metric} {(s.Value is { } v ? Write(v) : "-")} {s.Label}"));
        }

        foreach (IReportWriter writer in new IReportWriter[] { new MarkdownReportWriter(), new CsvReportWriter(), new JsonLinesReportWriter(), new SvgReportWriter(), new LatexReportWriter(), new HtmlReportWriter() })
        {
            Directory.CreateDirectory(folder);
            foreach (string file in await writer.WriteAsync(ReportFixture.Create(), folder, CancellationToken.None))
            {
                lines.Add($"{Path.GetFileName(file)} {Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)))}");
            }
        }

        lines.AddRange(ReportFixture.Create().ToMarkdown().Split('\n').Where(l => l.StartsWith('|')));
        return [.. lines.Select(l => l.ReplaceLineEndings(" "))];
    }

    private static readonly FinetuneDatasetConfig Labels = FinetuneDatasets.Sst2.Benign with { Labels = ["Initial", "Title"] };

    private static string Write(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private enum PromptTitle
    {
        Upper,
        Lower,
    }
}
