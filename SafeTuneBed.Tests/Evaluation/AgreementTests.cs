using CsvHelper;
using SafeTuneBed.Statistics;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Evaluation;

public sealed class AgreementTests
{
    private const double Tolerance = 6e-7;

    private static readonly double[] X = [1, 2, 3, 5, 5, 1, 1, 2, 4, 1], Y = [1, 1, 3, 4, 5, 2, 1, 2, 5, 1];

    [Fact]
    public void Agreement_LikertScores_EqualsReference()
    {
        Assert.Equal(.852941, Agreement.Spearman(X, Y)!.Value, Tolerance);
        Assert.Equal(.756757, Agreement.KendallTau(X, Y)!.Value, Tolerance);
        Assert.Equal(.459459, Agreement.Kappa(X, Y)!.Value, Tolerance);
        Assert.Equal(.764706, Agreement.Kappa(X, Y, AgreementScale.Linear)!.Value, Tolerance);
        Assert.Equal(.918367, Agreement.Kappa(X, Y, AgreementScale.Quadratic)!.Value, Tolerance);
        Assert.Equal(.486486, Agreement.KrippendorffAlpha(X, Y, AgreementScale.Nominal)!.Value, Tolerance);
        Assert.Equal(.860294, Agreement.KrippendorffAlpha(X, Y, AgreementScale.Ordinal)!.Value, Tolerance);
        Assert.Equal(.922449, Agreement.KrippendorffAlpha(X, Y, AgreementScale.Quadratic)!.Value, Tolerance);
    }

    [Fact]
    public void Rankings_TwoSwaps_EqualsReference()
    {
        Assert.Equal(.6, Agreement.KendallTau([1, 2, 3, 4, 5], [1, 3, 2, 5, 4])!.Value, 12);
        Assert.Equal(.8, Agreement.Spearman([1, 2, 3, 4, 5], [1, 3, 2, 5, 4])!.Value, 12);
    }

    [Theory]
    [InlineData(5, .6, .2333)]
    [InlineData(4, 1, .0833)]
    [InlineData(5, 1, .0167)]
    [InlineData(6, -1, .0028)]
    [InlineData(4, 0, 1)]
    public void KendallPValue_FewThings_EqualsReference(int count, double tau, double p) => Assert.Equal(p, Agreement.KendallPValue(count, tau), 5e-5);

    [Fact]
    public void KendallPValue_SixThings_EqualsCountingAllOrders()
    {
        int[][] orders = [.. Orders([0, 1, 2, 3, 4, 5])];
        Assert.Equal(720, orders.Length);
        double[] taus = [.. orders.Select(o => Agreement.KendallTau([0, 1, 2, 3, 4, 5], [.. o.Select(v => (double)v)])!.Value)];
        Assert.All(taus.Distinct(), tau => Assert.Equal(taus.Count(t => Math.Abs(t) >= Math.Abs(tau) - 1e-9) / 720.0, Agreement.KendallPValue(6, tau), 12));

        static IEnumerable<int[]> Orders(int[] left) => left.Length == 1 ? [left] : left.SelectMany(first => Orders([.. left.Where(v => v != first)]).Select(rest => (int[])[first, .. rest]));
    }

    [Fact]
    public void Agreement_OneAnswerOnly_IsUndefined()
    {
        Assert.Null(Agreement.Kappa([1, 1], [1, 1]));
        Assert.Null(Agreement.KrippendorffAlpha([1, 1], [1, 1], AgreementScale.Nominal));
        Assert.Null(Agreement.KendallTau([1, 1], [1, 2]));
        Assert.Null(Agreement.Spearman([1, 1], [1, 2]));
        Assert.Throws<ArgumentException>(() => Agreement.Kappa([], []));
        Assert.Throws<ArgumentException>(() => Agreement.Kappa([1], [1, 2]));
    }

    [Theory]
    [InlineData("gpt4", .970107, .872866, .851852)]
    [InlineData("llama2new", .925762, .616908, .732554)]
    [InlineData("llama2orig", .929256, .579462, .582242)]
    [InlineData("mistralguard", .892337, .571409, .557748)]
    [InlineData("mistralinstruct", .919545, .063717, .253251)]
    [InlineData("", .936526, .628206, .699147)]
    public void Kappa_XsTestLabels_EqualsReference(string model, double annotators, double judge, double stringMatch)
    {
        using var file = File.OpenText(SharedFolder.Require("data", "xstest", "labels_by_model.csv"));
        using CsvReader csv = CsvReader.Create(file, CsvReaderOptions.Default with { Separator = ',' });
        string[] columns = ["annotation_1", "annotation_2", "final_label", "gpt4_label", "strmatch_label"];
        List<double>[] values = [[], [], [], [], []];
        var classes = new List<string>();
        while (csv.Read())
        {
            if (model.Length > 0 && csv.GetString("model") != model)
            {
                continue;
            }

            for (int c = 0; c < columns.Length; c++)
            {
                string label = csv.GetString(columns[c]);
                if (!classes.Contains(label))
                {
                    classes.Add(label);
                }

                values[c].Add(classes.IndexOf(label));
            }
        }

        Assert.Equal(annotators, Agreement.Kappa(values[0], values[1])!.Value, Tolerance);
        Assert.Equal(judge, Agreement.Kappa(values[2], values[3])!.Value, Tolerance);
        Assert.Equal(stringMatch, Agreement.Kappa(values[2], values[4])!.Value, Tolerance);
    }
}
