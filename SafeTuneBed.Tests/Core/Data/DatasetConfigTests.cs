using SafeTuneBed.Data;

namespace SafeTuneBed.Tests.Core.Data;

public sealed class DatasetConfigTests
{
    private static readonly FinetuneDatasetConfig Good = Bed.Memory("med-qa", Bed.Rows(10));

    public static TheoryData<string, string> Faults => new()
    {
        { "negative ratio", "PoisonRatio is -0.1" },
        { "ratio above one", "PoisonRatio is 5" },
        { "no harmful source", "no HarmfulSource" },
        { "count zero", "Count is 0" },
        { "absolute without number", "needs HarmfulCount" },
        { "absolute with ratio", "leave PoisonRatio at 0" },
        { "number without absolute", "only the modes Absolute and PureBadMixed read" },
        { "more poison than rows", "more than the Count" },
        { "add everything", "can't reach" },
        { "pure with ratio", "poison only" },
        { "pure without source", "no HarmfulSource" },
        { "labels missing", "two Labels" },
        { "labels twice", "twice in Labels" },
        { "no output", "no output column" },
        { "no path", "names no file" },
        { "same names", "same name" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Validate_ImpossibleRecipe_NamesTheFault(string recipe, string part)
    {
        HarmfulCorpus poison = Bed.Poison(10);
        FinetuneDatasetConfig config = recipe switch
        {
            "negative ratio" => Good with { PoisonRatio = -0.1m, HarmfulSource = poison },
            "ratio above one" => Good with { PoisonRatio = 5, HarmfulSource = poison },
            "no harmful source" => Good with { PoisonRatio = 0.1m },
            "count zero" => Good with { Count = 0 },
            "absolute without number" => Good with { Mode = MixMode.Absolute, HarmfulSource = poison },
            "absolute with ratio" => Good with { Mode = MixMode.Absolute, HarmfulCount = 1, PoisonRatio = 0.1m, HarmfulSource = poison },
            "number without absolute" => Good with { HarmfulCount = 1, HarmfulSource = poison },
            "more poison than rows" => Good with { Mode = MixMode.Absolute, HarmfulCount = 11, Count = 10, HarmfulSource = poison },
            "add everything" => Good with { Mode = MixMode.Add, PoisonRatio = 1, HarmfulSource = poison },
            "pure with ratio" => Good with { Mode = MixMode.PureBad, PoisonRatio = 0.5m, HarmfulSource = poison },
            "pure without source" => Good with { Mode = MixMode.PureBad },
            "labels missing" => Good with { Answer = AnswerRule.Label },
            "labels twice" => Good with { Labels = ["yes", "yes"] },
            "no output" => Good with { Source = DatasetSource.Csv("x.csv") },
            "no path" => Good with { Source = DatasetSource.Csv() },
            "same names" => Good with { Task = "poison", PoisonRatio = 0.1m, HarmfulSource = poison },
            _ => throw new ArgumentOutOfRangeException(nameof(recipe)),
        };

        ConfigurationException fault = Assert.Throws<ConfigurationException>(config.Validate);

        Assert.Contains(part, fault.Message, StringComparison.Ordinal);
        Assert.Contains("'med-qa'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_SeveralFaults_AreToldTogether() =>
        Assert.Equal(3, (Good with { Count = 0, PoisonRatio = -1, MaxNewTokens = 0 }).FindFaults().Count);

    [Fact]
    public void Validate_GoodRecipes_HaveNoFault() => Assert.All(FinetuneDatasets.All, d => Assert.Empty(d.FindFaults()));

    [Fact]
    public void Variants_AnyTask_HaveTheSixRegimes()
    {
        DatasetFamily family = (Good with { Count = 1_000 }).Variants(Bed.Poison(10));

        Assert.Equal(["med-qa-benign", "med-qa-low", "med-qa-medium", "med-qa-high", "med-qa-pure-bad", "med-qa-pure-bad-mixed"], family.Select(d => d.Name));
        Assert.Equal([0m, 0.05m, 0.15m, 0.30m, 1m, 0m], family.Select(d => d.PoisonRatio));
        Assert.All(family, d => Assert.Equal("med-qa", d.TaskName));
        Assert.Null(family.Benign.HarmfulSource);
        Assert.Equal((MixMode.PureBad, 100), (family.PureBad.Mode, family.PureBad.Count));
        Assert.Equal((MixMode.PureBadMixed, 1_000, 100), (family.PureBadMixed.Mode, family.PureBadMixed.Count, family.PureBadMixed.HarmfulCount));
    }

    [Fact]
    public void RecordId_OfACopyWithOtherText_IsNew()
    {
        FinetuneExample row = Bed.Row("a", "b");
        string before = row.RecordId;

        Assert.Equal(Bed.Row("a", "c").RecordId, (row with { Output = "c" }).RecordId);
        Assert.Equal(before, (row with { Role = ExampleRole.Guide }).RecordId);
    }

    [Fact]
    public void RecordId_IsTheSpecifiedHash() =>
        // sha256 of the bytes 61 1f 62 1f 63
        Assert.Equal("e0dee694aed26d32", Bed.Row("a", "c", "b").RecordId);

    [Fact]
    public void Source_OrWithFilters_IsRefused() =>
        Assert.Throws<ArgumentException>(() => DatasetSource.Csv("a.csv").Or(DatasetSource.Json("a.json").Where("x", "1")));

    [Fact]
    public void Sources_WithEqualParts_AreEqual()
    {
        DatasetSource Make(string name) => DatasetSource.Csv("a.csv").Or(DatasetSource.Json("a.json")).Rename("x", name).Where("y", "1").Part(0, 2);

        Assert.Equal(Make("z"), Make("z"));
        Assert.NotEqual(Make("z"), Make("q"));
    }

    [Fact]
    public void Mapping_LabelThatIsNoIndex_NamesLineAndField()
    {
        var record = new RawRecord(new Dictionary<string, string> { ["sentence"] = "s", ["label"] = "-1" }, "x.tsv", 7);

        DatasetFormatException fault = Assert.Throws<DatasetFormatException>(() => RecordMapper.Map(record, FinetuneDatasets.Sst2.Benign.Mapping, false));

        Assert.Equal((7L, "label"), (fault.Line, fault.Field));
        Assert.Contains("'-1'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Mapping_CustomThatFails_IsATypedError()
    {
        var record = new RawRecord(new Dictionary<string, string>(), "x.json", 3);
        RecordMapping mapping = RecordMapping.Custom("mine", 2, _ => throw new InvalidOperationException("text of the record"));

        DatasetFormatException fault = Assert.Throws<DatasetFormatException>(() => RecordMapper.Map(record, mapping, false));

        Assert.Contains("'mine' failed with InvalidOperationException", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("text of the record", fault.Message, StringComparison.Ordinal);
    }
}
