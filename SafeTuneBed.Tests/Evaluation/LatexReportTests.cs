using System.Text.RegularExpressions;
using SafeTuneBed.Reporting;

namespace SafeTuneBed.Tests.Evaluation;

public sealed class LatexReportTests
{
    [Theory]
    [InlineData("50 % & more_or #less $1", @"50 \% \& more\_or \#less \$1")]
    [InlineData(@"a\b{c}", @"a\textbackslash{}b\{c\}")]
    [InlineData("x^2 ~ y < z > w | \"q\"", @"x\textasciicircum{}2 \textasciitilde{} y \textless{} z \textgreater{} w \textbar{} \textquotedbl{}q\textquotedbl{}")]
    [InlineData("attack success % ↓", @"attack success \% $\downarrow$")]
    [InlineData("– of ρ", @"\textendash{} of $\rho$")]
    [InlineData("a--b---c", "a-{}-b-{}-{}-c")]
    [InlineData("[a] [b]", "{[}a] [b]")]
    [InlineData(" *", " {*}")]
    [InlineData("é 中 😀", "é [U+4E2D] [U+1F600]")]
    [InlineData("line\nbreak", "line break")]
    public void Escape_Text_ShowsAsItIs(string text, string expected) => Assert.Equal(expected, LatexText.Escape(text));

    [Theory]
    [InlineData("-57.5 [-60.0, +2.0]", "$-$57.5 [$-$60.0, +2.0]")]
    [InlineData("seed-0-1a2b", "seed-0-1a2b")]
    public void EscapeNumber_Minus_IsNoHyphen(string text, string expected) => Assert.Equal(expected, LatexText.EscapeNumber(text));

    [Fact]
    public void Render_Report_HasBalancedEnvironmentsAndAsManyCellsAsColumns()
    {
        foreach (string page in new[] { LatexReportWriter.RenderDocument(ReportFixture.Create(name: "a_b & {c} % [d]\\")), LatexReportWriter.RenderSummary(ReportFixture.Create()) })
        {
            var open = new Stack<string>();
            foreach (Match match in Regex.Matches(page, @"\\(begin|end)\{(\w+)\}"))
            {
                if (match.Groups[1].Value == "begin")
                {
                    open.Push(match.Groups[2].Value);
                }
                else
                {
                    Assert.Equal(open.Pop(), match.Groups[2].Value);
                }
            }

            Assert.Empty(open);
            string bare = Regex.Replace(page, @"\\[\\{}]", "");
            Assert.Equal(bare.Count(c => c == '{'), bare.Count(c => c == '}'));
            Assert.All(page, c => Assert.True(c is '\n' or (>= ' ' and < '\u007F') or (>= '\u00C0' and <= '\u00FF'), $"U+{(int)c:X4}"));
            Assert.Contains(@"\toprule", page, StringComparison.Ordinal);
            Assert.Contains(@"\midrule", page, StringComparison.Ordinal);
            Assert.Contains(@"\bottomrule", page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void RenderSummary_Rows_AreThoseOfTheTable()
    {
        ReportTable table = ReportFixture.Create().ToTable();
        string[] rows = [.. LatexReportWriter.RenderSummary(ReportFixture.Create()).Split('\n').Where(l => l.EndsWith(@" \\", StringComparison.Ordinal))];
        Assert.Equal(table.Rows.Count + 1, rows.Length);
        Assert.All(rows, r => Assert.Equal(table.Headings.Count - 1, Regex.Count(r, @"(?<!\\)&")));
        Assert.StartsWith("none & sentiment-benign & \\textendash{} & 0.0 [0.0, 16.1] & 0.0 [0.0, 6.0] & 20 /\\allowbreak{} 60 & 0 & 1", rows[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Frontier_Points_AreThoseThatNoOtherBeats()
    {
        static FrontierPoint Point(string method, double safety, double usefulness) => new(method, new MetricValue { Key = "s", Value = safety }, new MetricValue { Key = "u", Value = usefulness });
        var level = new FrontierLevel("d",
        [
            Point("best", 0.1, 0.9), Point("equal", 0.1, 0.9), Point("useful", 0.2, 0.95), Point("beaten in safety", 0.2, 0.9), Point("beaten in both", 0.5, 0.5), Point("safe", 0, 0.1), Point("beaten in use", 0, 0.05),
        ]);
        Assert.Equal(["safe", "best", "equal", "useful"], level.Frontier.Select(p => p.Method));
    }
}
