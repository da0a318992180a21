using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CsvHelper;
using SafeTuneBed.HumanRatings;
using SafeTuneBed.Statistics;
using SafeTuneBed.Tests.TestDoubles;
using static SafeTuneBed.Tests.TestDoubles.JudgedReport;

namespace SafeTuneBed.Tests.Evaluation.Judges;

/// <summary>The blind sample: what is drawn, what raters see, what comes back.</summary>
public sealed class CalibrationTests : IDisposable
{
    private static readonly string[] Hostile =
    [
        "=HYPERLINK(\"http://x\",\"y\")", "+1+1", "-2", "@SUM(A1)", "\t=1", "\r=1", "'quoted", "''=1", "＝1",
        "two\nlines, with \"quotes\"; and\r\na third", "ünïcödé 漢字 🙂 \u200B", "a,b;c\td", " leading", "trailing \n", "\"", "q0000000000", "rating", "sep=;",
    ];

    private readonly string folder = Directory.CreateTempSubdirectory("calibration-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Sheet => Path.Combine(folder, "anna.csv");

    private string Key => Path.Combine(folder, "private", "key.json");

    [Fact]
    public async Task Sheet_Answers_TellNothingOfMethodDataSetOrScore()
    {
        GridReport report = Report(answer: item => $"Words {SeededRandom.SeedOf(item)}.");
        await report.DrawCalibrationSample([Mild, Strict], 60, 3).WriteAsync(Sheet, Key, Token);
        string text = await File.ReadAllTextAsync(Sheet, Token);
        foreach (string secret in new[] { "method-one", "method-two", "data-low", "data-high", "mild", "strict", "grade", "seed" })
        {
            Assert.DoesNotContain(secret, text, StringComparison.OrdinalIgnoreCase);
        }

        // Nothing but ids, texts and blanks, and the order is that of nothing in the key but itself.
        List<string[]> lines = Read(Sheet);
        Assert.Equal(61, lines.Count);
        Assert.StartsWith("id", lines[0][0], StringComparison.Ordinal);
        Assert.Contains("harmful", lines[0][1], StringComparison.Ordinal);
        Assert.Contains("harmful", lines[0][2], StringComparison.Ordinal);
        Assert.Equal("rating (a whole number from 1 to 5, 5 is worst; blank: not rated)", lines[0][3]);
        Assert.All(lines.Skip(1), l => Assert.Equal(("", "", 11), (l[3], l[4], l[0].Length)));
        Assert.Equal(60, lines.Skip(1).Select(l => l[0]).Distinct().Count());
        JsonNode[] places = [.. JsonNode.Parse(await File.ReadAllTextAsync(Key, Token))!["items"]!.AsArray().Select(n => n!)];
        string[] methods = [.. places.Select(p => p["method"]!.GetValue<string>())];
        Assert.NotEqual(methods.Order(StringComparer.Ordinal), methods);
        Assert.True(methods.Zip(methods.Skip(1)).Count(p => p.First != p.Second) > 10); // shuffled
        Assert.All(places, p => Assert.Equal(lines.Single(l => l[0] == p["id"]!.GetValue<string>())[1], $"Request {p["itemId"]!.GetValue<string>()}"));
        Assert.DoesNotContain("Words", await File.ReadAllTextAsync(Key, Token), StringComparison.Ordinal); // no text
    }

    [Fact]
    public async Task Draw_Strata_AreHalfOfEachKindAndSpreadOverRows()
    {
        GridReport report = Report(40);
        await report.DrawCalibrationSample([Mild, Strict], 60, 3).WriteAsync(Sheet, Key, Token);
        CalibrationKey key = CalibrationKey.Read(Key);
        Assert.Equal(30, key.Items.Count(i => i.Scores[0] != i.Scores[1]));
        foreach (var half in key.Items.GroupBy(i => i.Scores[0] == i.Scores[1]))
        {
            int[] counts = [.. half.CountBy(i => i.Scores[0]).Select(c => c.Value)];
            Assert.True(counts.Max() - counts.Min() <= 1, string.Join(", ", counts));
        }

        Assert.Equal(4, key.Items.Select(i => (i.Method, i.Dataset)).Distinct().Count());
        Assert.All(key.Items.CountBy(i => (i.Method, i.Dataset)), c => Assert.InRange(c.Value, 9, 21));

        // The sizes of the groups are those of the whole report, and the same seed draws the same.
        foreach (CalibrationPlace place in key.Items)
        {
            bool same = place.Scores[0] == place.Scores[1];
            Assert.Equal(Everything(40).Count(x => x.Mild == place.Scores[0] && (x.Strict == x.Mild) == same), place.StratumSize);
        }

        await Report(40).DrawCalibrationSample([Mild, Strict], 60, 3).WriteAsync(Sheet + "2", Key + "2", Token);
        Assert.Equal(await File.ReadAllTextAsync(Key, Token), await File.ReadAllTextAsync(Key + "2", Token));
        await Report(40).DrawCalibrationSample([Mild, Strict], 60, 4).WriteAsync(Sheet + "3", Key + "3", Token);
        Assert.Empty(CalibrationKey.Read(Key + "3").Items.Select(i => i.Id).Intersect(key.Items.Select(i => i.Id)));
    }

    [Fact]
    public async Task Draw_ManySeeds_GivesEveryAnswerOfAGroupTheSameChance()
    {
        GridReport report = Report(items: 6);
        var times = new Dictionary<(string, string, ulong, string), (int Count, double Expected)>();
        const int draws = 400;
        for (ulong seed = 0; seed < draws; seed++)
        {
            string key = Path.Combine(folder, $"{seed}");
            await report.DrawCalibrationSample([Mild], 20, seed).WriteAsync(key + ".csv", key + ".json", Token);
            CalibrationKey read = CalibrationKey.Read(key + ".json");
            foreach (CalibrationPlace p in read.Items)
            {
                double chance = (double)read.Items.Count(i => i.Stratum == p.Stratum) / p.StratumSize;
                var place = (p.Method, p.Dataset, p.Seed, p.ItemId);
                times[place] = (times.GetValueOrDefault(place).Count + 1, chance * draws);
            }
        }

        Assert.Equal(48, times.Count); // each answer came at some time
        Assert.All(times.Values, t => Assert.InRange(t.Count, t.Expected - (5 * Math.Sqrt(t.Expected)), t.Expected + (5 * Math.Sqrt(t.Expected))));
    }

    [Fact]
    public async Task Sheet_HostileTexts_AreNoFormulasAndComeBackAsTheyWere()
    {
        int next = 0;
        GridReport report = Report(items: 9, answer: _ => Hostile[next++ % Hostile.Length]);
        await report.DrawCalibrationSample([Mild], 1_000).WriteAsync(Sheet, Key, Token);
        byte[] bytes = await File.ReadAllBytesAsync(Sheet, Token);
        Assert.True(bytes is [0xEF, 0xBB, 0xBF, ..]);
        List<string[]> lines = Read(Sheet);
        Assert.All(lines.SelectMany(l => l).Where(c => c.Length > 0), c => Assert.DoesNotContain(c[0], "=+-@\t\r\n＝＋－＠"));
        Assert.Equal(Hostile.Order(StringComparer.Ordinal), CalibrationSheet.ReadItems(Sheet).Select(i => i.Answer).Distinct().Order(StringComparer.Ordinal));

        // Rated in a spreadsheet that writes semicolons, sorts lines anew and drops one.
        CalibrationKey key = CalibrationKey.Read(Key);
        string rated = Path.Combine(folder, "bert.csv");
        Write(rated, ';', [lines[0], .. lines.Skip(2).OrderBy(l => l[0], StringComparer.Ordinal).Select(l => (string[])[l[0], l[1], l[2], $" {key.Items.Single(i => i.Id == l[0]).Scores[0]} ", "why; not"])]);
        CalibrationReport found = CalibrationReport.Read(Key, rated);
        Assert.Equal((1, 1), (found.Pairs.Single().RawAgreement!.Value, found.Pairs.Single().Kappa.Value!.Value));
        Assert.Equal((key.Items.Count - 1, 1), (found.Pairs.Single().Answers, found.Pairs.Single().Dropped));
        Assert.Contains("bert rated", Assert.Single(found.Notes, n => n.Contains("missing by chance", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_AllRated_GivesTheAgreementOfTheWholeReport()
    {
        // Everything is drawn, so weights are 1 and the plain formulas hold.
        GridReport report = Report();
        await report.DrawCalibrationSample([Mild, Strict], 10_000).WriteAsync(Sheet, Key, Token);
        Rate(Sheet, Human);
        CalibrationReport found = CalibrationReport.Read(Key, Sheet);
        var all = Everything().ToArray();
        double[] human = [.. all.Select(a => (double)Human(a.Mild, a.Item))], mild = [.. all.Select(a => (double)a.Mild)];
        JudgePair pair = found.Pairs.Single(p => p.Second == Mild);
        Assert.Equal(("anna", all.Length), (pair.First, pair.Answers));
        Assert.Equal(Agreement.Kappa(human, mild)!.Value, pair.Kappa.Value!.Value, 10);
        Assert.Equal(Agreement.Kappa(human, mild, AgreementScale.Quadratic)!.Value, pair.WeightedKappa.Value!.Value, 10);
        Assert.Equal(mild.Average() - human.Average(), pair.Bias.Value!.Value, 10);
        Assert.Equal(human.Zip(mild).Count(p => p == (2, 3)), pair.Confusion.SingleOrDefault(c => (c.First, c.Second) == (2, 3))?.Count ?? 0);
        double?[][] three = [.. all.Select(a => new double?[] { Human(a.Mild, a.Item), a.Mild, a.Strict })];
        Assert.Equal(new AlphaTable(three, AgreementScale.Ordinal).Value!.Value, found.Consensus.Single().Alpha.Value!.Value, 10);
        Assert.Contains("# judged: judges and people", found.ToMarkdown(), StringComparison.Ordinal);
        Assert.Equal(2, (await found.WriteAsync(Path.Combine(folder, "out"), Token)).Count);
    }

    [Fact]
    public async Task Read_HalfAreDisagreements_IsWeightedBackToTheReport()
    {
        // The judges disagree on few answers, of which the sample holds many: counted plainly, a person who always sides with one would seem to disagree with the other far more.
        GridReport report = Report(items: 120);
        await report.DrawCalibrationSample([Mild, Strict], 120, 5).WriteAsync(Sheet, Key, Token);
        Rate(Sheet, (mild, _) => mild);
        JudgePair other = CalibrationReport.Read(Key, Sheet).Pairs.Single(p => p.Second == Strict);
        var all = Everything(120).ToArray();
        double truth = all.Count(a => a.Mild == a.Strict) / (double)all.Length;
        CalibrationKey key = CalibrationKey.Read(Key);
        Assert.Equal(0.5, key.Items.Count(i => i.Scores[0] == i.Scores[1]) / 120.0, 12);
        Assert.InRange(truth, 0.75, 0.9);
        Assert.Equal(truth, other.RawAgreement!.Value, 10); // strata are just that, so it is exact
        Assert.Equal(all.Average(a => a.Strict - a.Mild), other.Bias.Value!.Value, 10);
    }

    [Fact]
    public async Task Read_TwoPeople_AreComparedWithEachOtherToo()
    {
        await Report().DrawCalibrationSample([Mild], 40).WriteAsync(Sheet, Key, Token);
        string second = Path.Combine(folder, "bert.csv");
        File.Copy(Sheet, second);
        Rate(Sheet, (mild, _) => mild);
        Rate(second, (mild, _) => 6 - mild);
        CalibrationReport found = CalibrationReport.Read(Key, Sheet, second);
        Assert.Equal([("anna", "bert"), ("anna", Mild), ("bert", Mild)], found.Pairs.Select(p => (p.First, p.Second)));
        Assert.Equal(["anna", "bert", Mild], found.Scorers.Select(s => s.Scorer));
        Assert.Equal(1, found.Pairs[1].Kappa.Value);
        Assert.True(found.Pairs[0].WeightedKappa.Value < -0.5);
    }

    [Theory]
    [InlineData("6", "'6'")]
    [InlineData("2.5", "'2.5'")]
    [InlineData("three", "'three'")]
    [InlineData("2,0", "'2,0'")]
    [InlineData("NaN", "'NaN'")]
    public async Task Read_WrongRating_NamesLineIdAndValue(string rating, string shown)
    {
        await Report().DrawCalibrationSample([Mild], 10).WriteAsync(Sheet, Key, Token);
        List<string[]> lines = Read(Sheet);
        lines[4][3] = rating;
        Write(Sheet, ',', lines);
        var fault = Assert.Throws<DatasetFormatException>(() => CalibrationReport.Read(Key, Sheet));
        Assert.Equal((5, "rating"), (fault.Line, fault.Field));
        Assert.Contains(shown, fault.Message, StringComparison.Ordinal);
        Assert.Contains(lines[4][0], fault.Message, StringComparison.Ordinal);
        Assert.Contains("a whole number from 1 to 5", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_WrongSheets_SayWhatIsWrong()
    {
        GridReport report = Report();
        CalibrationSample sample = report.DrawCalibrationSample([Mild], 10);
        await sample.WriteAsync(Sheet, Key, Token);
        Assert.Contains("may hold ratings", (await Assert.ThrowsAsync<ConfigurationException>(() => sample.WriteAsync(Sheet, Key + "x", Token))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ConfigurationException>(() => sample.WriteAsync(Sheet + "x", Sheet + "x", Token));
        Assert.Contains("Nothing is rated", Assert.Throws<ConfigurationException>(() => CalibrationReport.Read(Key, Sheet)).Message, StringComparison.Ordinal);
        List<string[]> lines = Read(Sheet);
        string Fault(Action<List<string[]>> change)
        {
            List<string[]> changed = [.. lines.Select(l => (string[])[.. l])];
            change(changed);
            string path = Path.Combine(folder, "changed.csv");
            Write(path, ',', changed);
            return Assert.ThrowsAny<SafeTuneBedException>(() => CalibrationReport.Read(Key, path)).Message;
        }

        Assert.Contains("'qffffffffff' is not in the key", Fault(l => l[3][0] = "qffffffffff"), StringComparison.Ordinal);
        Assert.Contains("comes twice", Fault(l => l[3][0] = l[2][0]), StringComparison.Ordinal);
        Assert.Contains("there is no such column", Fault(l => l[0][3] = "marks"), StringComparison.Ordinal);
        Assert.Contains("first column is not 'id'", Fault(l => l[0][0] = "no"), StringComparison.Ordinal);
        Assert.Throws<ConfigurationException>(() => CalibrationReport.Read(Key));
        Assert.Throws<ConfigurationException>(() => CalibrationReport.Read(Key, Path.Combine(folder, "none.csv")));
        Assert.Throws<ConfigurationException>(() => CalibrationReport.Read(Sheet, Sheet));
        Assert.Contains("too few", Assert.Throws<ConfigurationException>(() => report.DrawCalibrationSample([Mild, Strict], 3)).Message, StringComparison.Ordinal);
        Assert.Contains("different scales", Assert.Throws<ConfigurationException>(() => report.DrawCalibrationSample([Mild, Share])).Message, StringComparison.Ordinal);
        Assert.Throws<ConfigurationException>(() => report.DrawCalibrationSample([]));
    }

    [Fact]
    public async Task Draw_EmptyAndUnscoredAnswers_AreLeftOut()
    {
        var made = new JudgedReport { Answer = item => item.EndsWith('3') ? " \n" : $"Answer {item}" };
        GridReport report = made.Add("method-one", "data-low", 10, 1, (Mild, (_, i) => i == 5 ? null : 1 + (i % 2))).Build();
        CalibrationSample sample = report.DrawCalibrationSample([Mild]);
        Assert.Equal(8, sample.Count);
        await sample.WriteAsync(Sheet, Key, Token);
        Assert.DoesNotContain(CalibrationKey.Read(Key).Items, i => i.ItemId is "003" or "005");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static GridReport Report(int items = 20, Func<string, string>? answer = null)
    {
        var made = answer is null ? new JudgedReport() : new JudgedReport { Answer = answer };
        int row = 0;
        foreach (string method in new[] { "method-one", "method-two" })
        {
            foreach (string dataset in new[] { "data-low", "data-high" })
            {
                int r = row++;
                made.Add(method, dataset, items, 2, (Mild, (s, i) => MildOf(r, s, i)), (Strict, (s, i) => StrictOf(r, s, i)), (Share, (s, i) => MildOf(r, s, i) == 5 ? 1 : 0));
            }
        }

        return made.Build();
    }

    private static int MildOf(int row, int seed, int item) => 1 + ((row + (2 * seed) + item) % 5);

    // A sixth of all answers, of every grade, get another grade.
    private static int StrictOf(int row, int seed, int item) => (item + row) % 6 == 0 ? (MildOf(row, seed, item) % 5) + 1 : MildOf(row, seed, item);

    private static int Human(int mild, int item) => item % 4 == 0 ? Math.Max(1, mild - 1) : mild;

    private static IEnumerable<(int Mild, int Strict, int Item)> Everything(int items = 20) =>
        from r in Enumerable.Range(0, 4) from s in Enumerable.Range(0, 2) from i in Enumerable.Range(0, items) select (MildOf(r, s, i), StrictOf(r, s, i), i);

    private void Rate(string sheet, Func<int, int, int> rate)
    {
        CalibrationKey key = CalibrationKey.Read(Key);
        List<string[]> lines = Read(sheet);
        foreach (string[] line in lines.Skip(1))
        {
            CalibrationPlace place = key.Items.Single(i => i.Id == line[0]);
            line[3] = rate((int)place.Scores[0], int.Parse(place.ItemId, CultureInfo.InvariantCulture)).ToString(CultureInfo.InvariantCulture);
        }

        Write(sheet, ',', lines);
    }

    private static List<string[]> Read(string path)
    {
        using CsvReader csv = CsvReader.Create(new StringReader(File.ReadAllText(path)), CsvReaderOptions.Default with { Separator = ',', HasHeader = false });
        var lines = new List<string[]>();
        while (csv.Read())
        {
            lines.Add([.. Enumerable.Range(0, csv.FieldCount).Select(i => csv.GetString(i))]);
        }

        return lines;
    }

    private static void Write(string path, char separator, IEnumerable<string[]> lines)
    {
        using var text = new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        using CsvWriter csv = CsvWriter.Create(text, CsvWriterOptions.Default with { Separator = separator }, leaveOpen: true);
        foreach (string[] line in lines)
        {
            csv.WriteRecord([.. line]);
        }
    }
}
