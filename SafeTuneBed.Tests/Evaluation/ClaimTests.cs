using static SafeTuneBed.Tests.Evaluation.ClaimReportFixture;

namespace SafeTuneBed.Tests.Evaluation;

/// <summary>Verdicts against tables whose answers are known.</summary>
public sealed class ClaimTests
{
    // Nested rows of n further hits: McNemar's mid-p is 2 * 2^-n - 2^-n.
    private static double MidP(int further) => Math.Pow(0.5, further);

    [Theory]
    [InlineData(10, 60, ClaimVerdict.Reproduced)]
    [InlineData(60, 10, ClaimVerdict.NotReproduced)]
    [InlineData(50, 52, ClaimVerdict.Undecided)]
    [InlineData(50, 50, ClaimVerdict.Undecided)]
    public void Check_Below_FollowsTheInterval(int hits, int others, ClaimVerdict expected)
    {
        GridReport report = Create(("a", [hits]), ("b", [others]));

        ClaimResult below = report.Check(Claim.Below("c", Key, Row("a"), Row("b")))["c"], above = report.Check(Claim.Above("c", Key, Row("b"), Row("a")))["c"];

        Assert.Equal(expected, below.Verdict);
        Assert.Equal(expected, above.Verdict);
        Assert.Equal((hits - others) / 100.0, below.Value!.Value, 12);
        Assert.Equal(-below.Value!.Value, above.Value!.Value, 12);
        Assert.Equal(-below.Upper!.Value, above.Lower!.Value, 12);
        Assert.Equal(-below.Lower!.Value, above.Upper!.Value, 12);
        Assert.Equal(("a minus b on d", 100, 1), (below.Measured, below.Count, below.Seeds));
    }

    [Fact]
    public void Check_Difference_HasNewcombesIntervalAndMcNemarsP()
    {
        ClaimResult result = Create(("a", [0]), ("b", [7])).Check(Claim.Below("c", Key, Row("a"), Row("b")))["c"];

        // Without a hit of a the correlation is 0: d -+ the root of the squared distances to Wilson's ends of 7 and of 0 in 100.
        (double low7, double high7) = Wilson(7);
        (double low0, double high0) = Wilson(0);
        Assert.Equal(-0.07 - Math.Sqrt(Math.Pow(0 - low0, 2) + Math.Pow(high7 - 0.07, 2)), result.Lower!.Value, 9);
        Assert.Equal(-0.07 + Math.Sqrt(Math.Pow(high0, 2) + Math.Pow(0.07 - low7, 2)), result.Upper!.Value, 9);
        Assert.Equal(MidP(7), result.PValue!.Value, 12);
        Assert.Equal(ClaimVerdict.Reproduced, result.Verdict);
    }

    [Fact]
    public void Check_ManyClaims_AreCorrectedByHolm()
    {
        GridReport report = Create(("a", [0]), ("b", [7]), ("c", [10]));
        Claim seven = Claim.Below("seven", Key, Row("a"), Row("b")), ten = Claim.Below("ten", Key, Row("a"), Row("c"));
        Claim[] others = [.. Enumerable.Range(0, 8).Select(i => Claim.Below($"no-{i}", Key, Row("c"), Row("a")))];

        ClaimReport two = report.Check(seven, ten), many = report.Check([seven, ten, .. others]);

        Assert.Equal(2 * MidP(10), two["ten"].AdjustedPValue!.Value, 12);
        Assert.Equal(MidP(7), two["seven"].AdjustedPValue!.Value, 12);
        Assert.Equal(2, two.Count(ClaimVerdict.Reproduced));
        Assert.Equal(10 * MidP(10), many["ten"].AdjustedPValue!.Value, 12);
        Assert.Equal(9 * MidP(7), many["seven"].AdjustedPValue!.Value, 12); // .0703: the interval excludes 0, the family does not let it pass
        Assert.Equal(ClaimVerdict.Undecided, many["seven"].Verdict);
        Assert.True(many["seven"].Upper < 0);
        Assert.Contains("correction", many["seven"].Reason, StringComparison.Ordinal);
        Assert.Equal((1, 8), (many.Count(ClaimVerdict.Reproduced), many.Count(ClaimVerdict.NotReproduced)));
    }

    [Fact]
    public void Check_ClaimsWithoutP_AreNotInTheFamily()
    {
        GridReport report = Create(("a", [0]), ("b", [7]));
        ClaimReport checkedClaims = report.Check(
            Claim.Below("order", Key, Row("a"), Row("b")), Claim.AtMost("value", Key, Row("a"), 0.5), Claim.Same("same", Key, Row("a"), Row("b"), 0.5), Claim.Below("missing", Key, Row("a"), Row("z")));

        Assert.Equal(MidP(7), checkedClaims["order"].AdjustedPValue!.Value, 12);
        Assert.All(checkedClaims.Results.Skip(1), r => Assert.Null(r.PValue));
    }

    [Theory]
    [InlineData(0.1, ClaimVerdict.Reproduced)]
    [InlineData(0.5, ClaimVerdict.Undecided)]
    [InlineData(0.65, ClaimVerdict.NotReproduced)]
    public void Check_Margin_MustBeExceeded(double margin, ClaimVerdict expected) =>
        Assert.Equal(expected, Create(("a", [10]), ("b", [60])).Check(Claim.Below("c", Key, Row("a"), Row("b")) with { Margin = margin })["c"].Verdict);

    [Theory]
    [InlineData(new[] { 0, 20, 60 }, ClaimVerdict.Reproduced, "b on d", "a on d")]
    [InlineData(new[] { 20, 0, 60 }, ClaimVerdict.NotReproduced, "b on d", "a on d")]
    [InlineData(new[] { 0, 60, 20 }, ClaimVerdict.NotReproduced, "c on d", "b on d")]
    [InlineData(new[] { 0, 60, 62 }, ClaimVerdict.Undecided, "c on d", "b on d")]
    public void Check_Ascending_HoldsWhereEveryPairDoes(int[] hits, ClaimVerdict expected, string row, string other)
    {
        GridReport report = Create(("a", [hits[0]]), ("b", [hits[1]]), ("c", [hits[2]]));

        ClaimResult result = report.Check(Claim.Ascending("rank", Key, Row("a"), Row("b"), Row("c")))["rank"];

        Assert.Equal(expected, result.Verdict);
        Assert.Equal($"{row[..1]} minus {other}", result.Measured);
        Assert.Equal(hits[1] <= hits[0] || hits[2] <= hits[1] ? 1 : Math.Max(MidP(hits[1] - hits[0]), MidP(hits[2] - hits[1])), result.PValue!.Value, 12);
    }

    [Theory]
    [InlineData("a", ClaimVerdict.Reproduced)]
    [InlineData("b", ClaimVerdict.NotReproduced)]
    public void Check_Lowest_IsBelowEachOther(string best, ClaimVerdict expected)
    {
        GridReport report = Create(("a", [5]), ("b", [30]), ("c", [60]));
        Assert.Equal(expected, report.Check(Claim.Lowest("best", Key, Row(best), [.. new[] { "a", "b", "c" }.Where(m => m != best).Select(Row)]))["best"].Verdict);
        Assert.Equal(ClaimVerdict.Reproduced, report.Check(Claim.Highest("worst", Key, Row("c"), Row("a"), Row("b")))["worst"].Verdict);
    }

    [Theory]
    [InlineData(50, 51, 0.1, ClaimVerdict.Reproduced)]
    [InlineData(50, 51, 0.02, ClaimVerdict.Undecided)]
    [InlineData(10, 60, 0.1, ClaimVerdict.NotReproduced)]
    [InlineData(60, 10, 0.1, ClaimVerdict.NotReproduced)]
    public void Check_Same_NeedsAnIntervalInsideTheTolerance(int hits, int others, double tolerance, ClaimVerdict expected) =>
        Assert.Equal(expected, Create(("a", [hits]), ("b", [others])).Check(Claim.Same("c", Key, Row("a"), Row("b"), tolerance))["c"].Verdict);

    [Theory]
    [InlineData(0.40, 0.60, ClaimVerdict.Reproduced)] // Wilson: 40.4 to 59.6 %
    [InlineData(0.45, 0.60, ClaimVerdict.Undecided)]
    [InlineData(0.40, 0.59, ClaimVerdict.Undecided)]
    [InlineData(0.60, 0.90, ClaimVerdict.NotReproduced)]
    [InlineData(0.10, 0.40, ClaimVerdict.NotReproduced)]
    public void Check_Between_FollowsTheValuesInterval(double minimum, double maximum, ClaimVerdict expected)
    {
        ClaimResult result = Create(("a", [50])).Check(Claim.Between("c", Key, Row("a"), minimum, maximum))["c"];
        (double lower, double upper) = Wilson(50);
        Assert.Equal(expected, result.Verdict);
        Assert.Equal(lower, result.Lower!.Value, 9);
        Assert.Equal(upper, result.Upper!.Value, 9);
    }

    [Fact]
    public void Check_OneSidedValues_HaveNoOtherLimit()
    {
        GridReport report = Create(("a", [50]));
        ClaimReport found = report.Check(Claim.AtLeast("least", Key, Row("a"), 0.4), Claim.AtMost("most", Key, Row("a"), 0.6), Claim.AtLeast("more", Key, Row("a"), 0.6), Claim.AtMost("less", Key, Row("a"), 0.4));
        Assert.Equal(
            [ClaimVerdict.Reproduced, ClaimVerdict.Reproduced, ClaimVerdict.NotReproduced, ClaimVerdict.NotReproduced], found.Results.Select(r => r.Verdict));
    }

    [Fact]
    public void Check_DifferenceOfOneSeedOfTwo_IsUndecided()
    {
        ClaimResult below = Create(("a", [0, 42]), ("b", [60, 40])).Check(Claim.Below("c", Key, Row("a"), Row("b")))["c"];
        ClaimResult above = Create(("a", [0, 42]), ("b", [60, 40])).Check(Claim.Above("c", Key, Row("a"), Row("b")))["c"];

        Assert.True(below.Upper < 0 && below.AdjustedPValue < 0.05);
        Assert.Equal((ClaimVerdict.Undecided, 1, 2), (below.Verdict, below.SeedsInDirection, below.Seeds));
        Assert.Equal(ClaimVerdict.Undecided, above.Verdict);
        Assert.Equal(ClaimVerdict.Reproduced, Create(("a", [0, 2]), ("b", [60, 40])).Check(Claim.Below("c", Key, Row("a"), Row("b")))["c"].Verdict);
    }

    [Fact]
    public void Check_WhatIsNotMeasured_IsUndecidedWithItsReason()
    {
        GridReport report = Create(("a", [10]), ("b", [60]));
        ClaimReport found = report.Check(Claim.Below("row", Key, Row("a"), Row("z")), Claim.Below("metric", "mt-bench/x/mean", Row("a"), Row("b")));
        ClaimReport incomplete = Create(5, ("a", [10]), ("b", [60])).Check(Claim.Below("c", Key, Row("a"), Row("b")));

        Assert.All(found.Results.Concat(incomplete.Results), r => Assert.Equal(ClaimVerdict.Undecided, r.Verdict));
        Assert.All(found.Results.Concat(incomplete.Results), r => Assert.Null(r.Value));
        Assert.Contains("'z'", found["row"].Reason, StringComparison.Ordinal);
        Assert.Contains("'mt-bench/x/mean'", found["metric"].Reason, StringComparison.Ordinal);
        Assert.Contains("5 of 100", incomplete["c"].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_OneNameTwice_IsRefused() =>
        Assert.Contains("'c'", Assert.Throws<ConfigurationException>(() => Create(("a", [1])).Check(Claim.AtMost("c", Key, Row("a"), 1), Claim.AtLeast("c", Key, Row("a"), 0))).Message, StringComparison.Ordinal);

    [Fact]
    public void Claims_OfImpossibleShape_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => Claim.Ascending("c", Key, Row("a")));
        Assert.Throws<ArgumentException>(() => Claim.Below("c", Key, Row("a"), Row("a")));
        Assert.Throws<ArgumentOutOfRangeException>(() => Claim.Same("c", Key, Row("a"), Row("b"), 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Claim.Between("c", Key, Row("a"), 0.5, 0.4));
    }

    [Fact]
    public void ToMarkdown_HasTheVerdictsAndTheSources()
    {
        string page = Create(("a", [10]), ("b", [60])).Check(
            Claim.Below("safer", Key, Row("a"), Row("b")) with { Text = "a is safer.", Source = "Table 3" }, Claim.AtMost("lowish", Key, Row("b"), 0.2)).ToMarkdown();

        Assert.Matches(@"\| safer \| reproduced \| -50\.0 \[.*\] % \| a minus b on d \|", page);
        Assert.Contains("| lowish | not reproduced | 60.0 [", page, StringComparison.Ordinal);
        Assert.Contains("2 claims: 1 reproduced, 1 not reproduced, 0 undecided.", page, StringComparison.Ordinal);
        Assert.Contains("safer: a is safer. (Table 3)", page, StringComparison.Ordinal);
    }

    private static (double Lower, double Upper) Wilson(int hits)
    {
        const double z = 1.959963984540054, n = Items;
        double p = hits / n, middle = p + (z * z / (2 * n)), half = z * Math.Sqrt((p * (1 - p) / n) + (z * z / (4 * n * n))), scale = 1 + (z * z / n);
        return ((middle - half) / scale, (middle + half) / scale);
    }
}
