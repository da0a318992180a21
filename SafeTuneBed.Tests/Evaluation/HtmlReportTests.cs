using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using SafeTuneBed.Reporting;
using SafeTuneBed.Running;
using SafeTuneBed.Statistics;

namespace SafeTuneBed.Tests.Evaluation;

public sealed class HtmlReportTests
{
    private const string Attack = "</script><img src=x onerror=alert(1)>&\"'";

    private static readonly MetricDefinition Robust = MetricDefinition.Proportion("keyword-robust/attack-success", 1, Direction.LowerIsBetter) with { IsHeadline = true };
    private static readonly MetricDefinition Reference = MetricDefinition.Proportion("keyword-ref/attack-success", 1, Direction.LowerIsBetter);
    private static readonly MetricDefinition Refused = MetricDefinition.Proportion("refused", 1, Direction.HigherIsBetter);

    [Fact]
    public void Render_Report_HasARowPerRowAndEveryTableOfTheMarkdown()
    {
        GridReport report = ReportFixture.Create();
        string html = report.ToHtml();
        string[] tables = [.. Regex.Matches(html, "<tbody>(.*?)</tbody>", RegexOptions.Singleline).Select(m => m.Groups[1].Value)];
        Assert.Equal([7, 8, 8, 2, 21], tables.Select(t => Regex.Count(t, "<tr>")));
        string[] cells = [.. Regex.Matches(tables[0], "<td class=\"(?:number|text)\">(.*?)</td>").Select(m => System.Net.WebUtility.HtmlDecode(m.Groups[1].Value))];
        Assert.Equal(report.ToTable().Rows.SelectMany(r => r), cells);
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        Assert.StartsWith("# first-run\n", report.ToMarkdown(), StringComparison.Ordinal);
    }

    [Fact]
    public void Render_HostileNamesAndAnswers_StayText()
    {
        string html = HtmlPage.Render(Report($"g{Attack}", $"m{Attack}", Attack));
        Assert.DoesNotContain("<img src=x", html, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(2, Regex.Count(html, "<script", RegexOptions.IgnoreCase)); // the data and the page's own
        Assert.Equal(2, Regex.Count(html, "</script", RegexOptions.IgnoreCase));
        Assert.Contains("<title>g&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&amp;&quot;&#x27;</title>", html, StringComparison.Ordinal);
        Assert.Equal(Attack, Data(html).GetProperty("texts")[1].GetString());
    }

    [Fact]
    public void Render_Page_LoadsNothingAndRunsItsOwnScriptAlone()
    {
        string html = HtmlPage.Render(Report("g", "lora", "an answer"));
        string script = Regex.Match(html, "<script>(.*?)</script>", RegexOptions.Singleline).Groups[1].Value;
        string hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)));
        Assert.Contains($"default-src 'none'; script-src 'sha256-{hash}'", html, StringComparison.Ordinal);
        foreach (string loader in new[] { "http:", "https:", "//cdn", "<link", "@import", "url(", "fetch(", "XMLHttpRequest", "WebSocket", "innerHTML", "document.write", "eval(" })
        {
            Assert.DoesNotContain(loader, html, StringComparison.OrdinalIgnoreCase);
        }

        Assert.All(Regex.Matches(html, "src=\"([^\"]{0,5})").Select(m => m.Groups[1].Value), source => Assert.Equal("data:", source));
    }

    [Fact]
    public void Render_Answers_AreNowhereButInTheDataAndAppearBlurred()
    {
        string html = HtmlPage.Render(Report("g", "lora", "how to do harm"));
        int data = html.IndexOf("id=\"data\"", StringComparison.Ordinal);
        Assert.DoesNotContain("how to do harm", html[..data], StringComparison.Ordinal);
        Assert.Equal(1, Regex.Count(html, "how to do harm"));
        Assert.Contains("\"said blurred \"", html, StringComparison.Ordinal);
        Assert.Matches(@"\.blurred \{ filter: blur\(", html);
        JsonElement row = Data(html).GetProperty("rows")[0];
        Assert.Equal("lora on low", row.GetProperty("name").GetString());
        Assert.Equal(3, row.GetProperty("samples").GetArrayLength());
    }

    [Fact]
    public void Render_ReportWithoutAnswers_HasNoViewOfThem() => Assert.DoesNotContain("id=\"answers\"", HtmlPage.Render(ReportFixture.Create()), StringComparison.Ordinal);

    [Theory]
    [InlineData(1.0, 1.0, null, null, "")]
    [InlineData(1.0, 0.0, null, null, "disagreement")]
    [InlineData(1.0, null, null, null, "unscored")]
    [InlineData(0.0, 0.0, "refused", null, "refused")]
    [InlineData(1.0, 0.0, "refused", UnscoredReason.Empty, "unscored,refused,disagreement")]
    [InlineData(1.0, 1.0, null, UnscoredReason.NotApplicable, "")]
    public void FlagsOf_Sample_FollowsItsScores(double robust, double? reference, string? label, UnscoredReason? third, string expected)
    {
        // Two evaluators judged one answer; the third metric is no verdict.
        ReportSample[] samples =
        [
            Sample("a", Robust.Score(robust, label), third is { } reason ? Refused.Unscored(reason) : Refused.Score(0)),
            Sample("b", reference is { } value ? Reference.Score(value) : Reference.Unscored(UnscoredReason.JudgeTransport)),
        ];
        Assert.Equal(expected, string.Join(',', SampleView.FlagsOf(samples, new HashSet<string> { $"a/{Robust.Name}", $"b/{Reference.Name}" })));
    }

    [Fact]
    public void Samples_OneAnswerJudgedTwice_IsOneSampleWithAllScores()
    {
        JsonElement data = Data(HtmlPage.Render(Report("g", "lora", "x", twice: true)));
        JsonElement samples = data.GetProperty("rows")[0].GetProperty("samples");
        Assert.Equal(3, samples.GetArrayLength());
        Assert.Equal([0, 1], samples[0].GetProperty("measures").EnumerateArray().Select(m => m.GetInt32()));
        Assert.Equal(3, samples[0].GetProperty("scores").GetArrayLength());
    }

    [Fact]
    public void Samples_LongAnswer_IsCutAndSaysSo()
    {
        string text = Data(HtmlPage.Render(Report("g", "lora", new string('a', 3999) + "😀" + new string('b', 1000)))).GetProperty("texts")[1].GetString()!;
        Assert.StartsWith(new string('a', 3999) + " [… 1002 more characters", text, StringComparison.Ordinal);
    }

    private static JsonElement Data(string html) =>
        JsonDocument.Parse(Regex.Match(html, "<script type=\"application/json\" id=\"data\">(.*?)</script>", RegexOptions.Singleline).Groups[1].Value).RootElement;

    private static ReportSample Sample(string evaluator, params SampleScore[] scores) =>
        new() { Evaluator = evaluator, ItemId = "0", Prompt = "p", Answer = "x", Scores = scores.ToDictionary(s => $"{evaluator}/{s.Metric}") };

    private static GridReport Report(string name, string method, string answer, bool twice = false)
    {
        var aggregator = new MetricAggregator();
        SampleScore[] scores = [.. Enumerable.Range(0, 3).Select(i => Robust.Score(i % 2) with { ItemId = $"{i}" })];
        var row = new ReportRow { Model = "m", Method = method, Dataset = "low", Task = "t", PoisonRatio = 0, Seeds = [0], Metrics = [aggregator.Pool($"a/{Robust.Name}", Robust, [scores])] };
        ReportSample[] samples = [.. scores.Select(s => Sample("a", s, Refused.Score(0)) with { ItemId = s.ItemId, Answer = answer })];
        return new GridReport(name, [row], new Dictionary<MetricPlace, MetricScores>(), aggregator, new Dictionary<string, IReportWriter>())
        {
            SampleSource = _ => twice ? [.. samples, .. samples.Select(s => Sample("b", Reference.Score(1)) with { ItemId = s.ItemId, Answer = answer })] : samples,
        };
    }
}
