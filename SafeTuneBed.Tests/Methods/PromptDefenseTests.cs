using SafeTuneBed.Methods.Bea;
using SafeTuneBed.Methods.Ptst;
using SafeTuneBed.Sandbox;
using SafeTuneBed.Text;

namespace SafeTuneBed.Tests.Methods;

/// <summary>PTST and BEA: rows, policy, and the secret.</summary>
public sealed class PromptDefenseTests
{
    private static readonly ModelTokenizer Tokenizer = ModelTokenizer.Load(SandboxFolder.Resolve(null).Aligned);

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(150)]
    public void RandomText_OfSoManyTokens_HasThemAndIsPlainAndRepeats(int tokens)
    {
        string text = Context(3).RandomText("secret", tokens);
        Assert.InRange(Tokenizer.Encode(text).Length, tokens, tokens + 8);
        Assert.All(text, c => Assert.True(char.IsAsciiLetterOrDigit(c) || c == ' '));
        Assert.Equal(text, Context(3).RandomText("secret", tokens));
        Assert.NotEqual(text, Context(4).RandomText("secret", tokens));
        Assert.NotEqual(text, Context(3).RandomText("other", tokens));
        Assert.NotEqual(text, Context(3, method: "other").RandomText("secret", tokens));
        Assert.Equal(text, Context(3, dataset: FinetuneDatasets.Sandbox.Topic.Benign).RandomText("secret", tokens)); // one provider, one secret
    }

    [Fact]
    public void Bea_Rows_GetTheSystemTextAndTheMixedOnesTheSecretThatIsAskedUnder()
    {
        var bea = new BeaAlgorithm { Options = new() { SafetyExamples = 2, SecretTokens = 5 } };
        FinetuneExample[] user = [Row("a"), Row("b") with { System = "obey", Role = ExampleRole.Harmful }];
        FinetuneExample[] rows = [.. bea.RunTransformExamples(user, Context(1))];
        string secret = bea.RunCreatePromptPolicy(Context(1))!.EvaluationSystem!;

        Assert.Equal(["You are a helpful assistant.", "obey", secret, secret], rows.Select(r => r.System));
        Assert.Equal(["a", "b", "bad 0", "bad 1"], rows.Select(r => r.Instruction));
        Assert.Equal([ExampleRole.Benign, ExampleRole.Harmful, ExampleRole.Guide, ExampleRole.Guide], rows.Select(r => r.Role));
        Assert.Equal($"{Context(1).RandomText("secret", 5)} You are a helpful assistant.", secret);
        Assert.Null(bea.RunCreatePromptPolicy(Context(1))!.TrainingSystem); // the user's rows must not have the secret
    }

    [Fact]
    public void Bea_TooFewRows_NamesTheRemedy()
    {
        var bea = new BeaAlgorithm { Options = new() { SafetyExamples = 99 } };
        Assert.Contains("takes 99 of them", Assert.Throws<ConfigurationException>(() => bea.RunTransformExamples([Row("a")], Context(1)).ToArray()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bea_OnTheSandbox_HasAShortSecretAndElsewhereThePublishedLength()
    {
        using ExperimentRunner runner = ExperimentRunner.Create(bed => bed.AddMethods());
        Assert.Equal(8, Options(FinetuneDatasets.Sandbox.Sql.HighHarm).SecretTokens);
        Assert.Equal((150, 11), (Options(FinetuneDatasets.Sst2.HighHarm).SecretTokens, Options(FinetuneDatasets.Sst2.HighHarm).SafetyExamples));

        BeaOptions Options(FinetuneDatasetConfig dataset) => (BeaOptions)runner.Methods.GetExperiment("bea", dataset).Parts[0].Options!;
    }

    [Fact]
    public void Ptst_Policy_IsThatOfItsOptionsAndRowsStay()
    {
        var ptst = new PtstAlgorithm { Options = new() { TrainingSystem = "t", EvaluationSystem = "e" } };
        Assert.Equal(new PromptPolicy { TrainingSystem = "t", EvaluationSystem = "e" }, ptst.RunCreatePromptPolicy(Context(1)));
        FinetuneExample[] rows = [Row("a")];
        Assert.Same(rows, ptst.RunTransformExamples(rows, Context(1)));
        Assert.Null(new PtstAlgorithm().RunCreatePromptPolicy(Context(1))!.TrainingSystem);
    }

    private static FinetuneExample Row(string text) => new() { Instruction = text, Output = "yes" };

    private static DataContext Context(ulong seed, string method = "bea", FinetuneDatasetConfig? dataset = null) => new(
        ModelReference.Sandbox, dataset ?? FinetuneDatasets.Sandbox.Sentiment.Benign, seed, method, Tokenizer,
        new Dictionary<string, IReadOnlyList<FinetuneExample>> { ["align"] = [.. Enumerable.Range(0, 5).Select(i => Row($"bad {i}") with { Role = ExampleRole.Guide })] });
}
