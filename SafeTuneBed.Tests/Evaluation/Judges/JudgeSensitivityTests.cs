using SafeTuneBed.Statistics;
using SafeTuneBed.Tests.TestDoubles;
using static SafeTuneBed.Tests.TestDoubles.JudgedReport;

namespace SafeTuneBed.Tests.Evaluation.Judges;

/// <summary>Several judges on the same answers, against counts, plain formulas and orders known beforehand.</summary>
public sealed class JudgeSensitivityTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("judges-").FullName;

    [Fact]
    public void CompareJudges_ThreeMethods_EqualsThePlainFormulas()
    {
        var random = new SeededRandom(2);
        int[] first = [.. Enumerable.Range(0, 360).Select(_ => 1 + random.NextIndex(5))], second = [.. first.Select(g => random.NextIndex(10) < 6 ? g : Math.Min(5, g + 1))];
        int Place(int row, int seed, int item) => (row * 120) + (seed * 60) + item;
        var made = new JudgedReport();
        for (int r = 0; r < 3; r++)
        {
            int row = r;
            made.Add($"method-{r}", "d", 60, 2, (Mild, (s, i) => first[Place(row, s, i)]), (Strict, (s, i) => i == 7 ? null : second[Place(row, s, i)]));
        }

        JudgeSensitivityReport report = made.Build().CompareJudges("mild", Strict);
        int[] both = [.. Enumerable.Range(0, 360).Where(k => k % 60 != 7)];
        double[] ones = [.. both.Select(k => (double)first[k])], others = [.. both.Select(k => (double)second[k])];
        JudgePair pair = Assert.Single(report.Pairs);
        Assert.Equal((Mild, Strict, 354, 6), (pair.First, pair.Second, pair.Answers, pair.Dropped));
        Assert.Equal(both.Count(k => first[k] == second[k]) / 354.0, pair.RawAgreement!.Value, 12);
        Assert.Equal(Agreement.Kappa(ones, others)!.Value, pair.Kappa.Value!.Value, 10);
        Assert.Equal(Agreement.Kappa(ones, others, AgreementScale.Quadratic)!.Value, pair.WeightedKappa.Value!.Value, 10);
        Assert.Equal(both.Average(k => second[k] - first[k]), pair.Bias.Value!.Value, 12);
        Assert.True(pair.Bias.Lower > 0 && pair.Bias.Lower < pair.Bias.Value && pair.Bias.Value < pair.Bias.Upper);
        Assert.Equal(354, pair.Confusion.Sum(c => c.Count));
        Assert.Equal(both.Count(k => (first[k], second[k]) == (2, 3)), pair.Confusion.Single(c => (c.First, c.Second) == (2, 3)).Count);
        Assert.Equal((354, "ordinal"), (report.Consensus.Single().Answers, report.Consensus.Single().Scale));
        Assert.Equal(Agreement.KrippendorffAlpha(ones, others, AgreementScale.Ordinal)!.Value, report.Consensus.Single().Alpha.Value!.Value, 10);
        Assert.Equal((360, 354, 6), (report.Scorers[1].Answers, report.Scorers[1].Scored, report.Scorers[1].Unscored[UnscoredReason.JudgeRefused]));
        Assert.Equal(3, report.PairsByRow.Count);
        JudgePair one = report.PairsByRow.Single(p => p.Method == "method-1");
        Assert.Equal(both.Where(k => k / 120 == 1).Average(k => second[k] - first[k]), one.Bias.Value!.Value, 12);
    }

    [Fact]
    public void CompareJudges_JudgesThatOrderMethodsTheOtherWayRound_HaveATauOfMinusOne()
    {
        var made = new JudgedReport();
        int[] share = [10, 40, 70];
        for (int r = 0; r < 3; r++)
        {
            int row = r;
            made.Add(
                $"method-{r}", "d", 100, 1,
                (Mild, (_, i) => i < share[row] ? 5 : 1),
                (Strict, (_, i) => i < share[2 - row] ? 5 : 1),
                (Share, (_, i) => i < share[row] ? 1 : 0));
        }

        JudgeSensitivityReport report = made.Build().CompareJudges(Mild, Strict, Share);
        Assert.Equal(new AgreementEstimate(-1, -1, -1), report.RankAgreements.Single(t => (t.First, t.Second) == (Mild, Strict)).Tau);
        Assert.Equal(0, report.RankAgreements.Single(t => (t.First, t.Second) == (Mild, Strict)).SameBestShare);
        Assert.Equal((1, 1), (report.RankAgreements.Single(t => (t.First, t.Second) == (Mild, Share)).Tau.Value, report.RankAgreements.Single(t => (t.First, t.Second) == (Mild, Share)).SameBestShare));
        Assert.Equal(["method-0", "method-1", "method-2"], report.Rankings.Single(r => r.Scorer == Mild).Methods.Select(m => m.Method));
        Assert.Equal(["method-2", "method-1", "method-0"], report.Rankings.Single(r => r.Scorer == Strict).Methods.Select(m => m.Method));
        Assert.All(report.Rankings, r => Assert.Equal(1, r.Methods[0].BestShare));

        // Another scale: ranked, but not compared answer by answer.
        JudgePair scales = report.Pair(Mild, Share);
        Assert.Equal((300, null, null), (scales.Answers, scales.Kappa.Value, scales.RawAgreement));
        Assert.Contains("The scales differ (1 to 5, lower is better; 0 to 1, lower is better)", scales.Remark, StringComparison.Ordinal);
        Assert.Equal([Mild, Strict], Assert.Single(report.Consensus).Scorers);
    }

    [Fact]
    public void CompareJudges_MethodsThatAreAlike_HaveAnUnsureTau()
    {
        var random = new SeededRandom(9);
        int[][] noise = [.. Enumerable.Range(0, 8).Select(_ => Enumerable.Range(0, 100).Select(_ => 1 + random.NextIndex(5)).ToArray())];
        var made = new JudgedReport();
        for (int r = 0; r < 4; r++)
        {
            int row = r;
            made.Add($"method-{r}", "d", 100, 1, (Mild, (_, i) => noise[row][i]), (Strict, (_, i) => noise[row + 4][i]));
        }

        RankAgreement tau = Assert.Single(made.Build().CompareJudges(Mild, Strict).RankAgreements);
        Assert.True(tau.Tau.Lower < -0.2 && tau.Tau.Upper > 0.2, $"{tau.Tau}");
        Assert.Equal(4, tau.Methods);
        Assert.InRange(tau.SameBestShare, 0.02, 0.7);
    }

    [Fact]
    public void CompareJudges_OtherItemsOrDecoding_NamesWhatDiffers()
    {
        string Fault(string mild, string strict)
        {
            var made = new JudgedReport { Settings = new Dictionary<string, string> { ["Asked:mild"] = mild, ["Asked:strict"] = strict } };
            made.Add("lora", "d", 10, 1, (Mild, (_, _) => 1), (Strict, (_, i) => 1 + (i % 2)));
            return Assert.Throws<SafeTuneBedException>(() => made.Build().CompareJudges(Mild, Strict)).Message;
        }

        Assert.Contains("the item set differs: 10 items aaaa and 10 items bbbb", Fault("10 items aaaa, greedy, at most 64 tokens", "10 items bbbb, greedy, at most 64 tokens"), StringComparison.Ordinal);
        Assert.Contains("the decoding differs: greedy, at most 64 tokens and greedy, at most 512 tokens", Fault("10 items aaaa, greedy, at most 64 tokens", "10 items aaaa, greedy, at most 512 tokens"), StringComparison.Ordinal);

        var one = new JudgedReport().Add("lora", "d", 10, 1, (Mild, (_, _) => 1));
        Assert.Contains("Known: mild", Assert.Throws<ConfigurationException>(() => one.Build().CompareJudges(Mild, Strict)).Message, StringComparison.Ordinal);
        Assert.Throws<ConfigurationException>(() => one.Build().CompareJudges(Mild));
        Assert.Throws<ConfigurationException>(() => one.Build().CompareJudges(Mild, Mild));
        Assert.Throws<ConfigurationException>(() => one.Build().CompareJudges(Mild, "mild"));
    }

    [Fact]
    public async Task WriteAsync_Report_IsMarkdownAndTables()
    {
        var made = new JudgedReport();
        foreach (string method in new[] { "lora", "lisa" })
        {
            made.Add(method, "d", 20, 1, (Mild, (_, i) => 1 + (i % 5)), (Strict, (_, i) => 1 + ((i + (i % 3 == 0 ? 1 : 0)) % 5)));
        }

        JudgeSensitivityReport report = made.Build().CompareJudges(Mild, Strict);
        string page = report.ToMarkdown();
        foreach (string heading in new[] { "# judged: who judged", "## Scorers", "## Pairs, over all rows", "## All scorers together", "## Pairs, row by row", "## Order of the methods" })
        {
            Assert.Contains(heading, page, StringComparison.Ordinal);
        }

        IReadOnlyList<string> files = await report.WriteAsync(folder, TestContext.Current.CancellationToken);
        Assert.Equal(["judges-confusion.csv", "judges-pairs.csv", "judges-rankings.csv", "judges-tau.csv", "judges.md"], files.Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
        using CsvHelper.CsvReader csv = CsvHelper.CsvReader.Create(new StringReader(await File.ReadAllTextAsync(Path.Combine(folder, "judges-pairs.csv"), TestContext.Current.CancellationToken)), CsvHelper.CsvReaderOptions.Default with { Separator = ',' });
        Assert.True(csv.Read());
        Assert.Equal(report.Pairs[0].Kappa.Value!.Value, double.Parse(csv.GetString("kappa"), System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal("40", csv.GetString("answers"));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
