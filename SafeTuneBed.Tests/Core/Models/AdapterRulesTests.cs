using SafeTuneBed.Models;

namespace SafeTuneBed.Tests.Core.Models;

/// <summary>PEFT's rules for module paths, on the examples of its documentation and of its own tests.</summary>
public sealed class AdapterRulesTests
{
    public static TheoryData<string, string[], int[], string[], bool> Lists => new()
    {
        { "foo", [], [], [], false },
        { "foo", ["foo"], [], [], true },
        { "foo", ["bar"], [], [], false },
        { "foo", ["foo", "bar"], [], [], true },
        { "foobar", ["bar"], [], [], false },
        { "foo.bar.1.baz", ["baz"], [1], ["bar"], true },
        { "foo.bar.1.baz", ["baz"], [0], ["bar"], false },
        { "foo.bar.10.baz", ["baz"], [1], ["bar"], false },
        { "foo.bar.1.baz", ["baz", "spam"], [0, 1, 2], ["bar"], true },
        { "foo.whatever.1.baz", ["baz"], [1], [], true },
        { "foo.whatever.1.baz", ["baz"], [0], [], false },
        { "transformer.h.1.attn.attention.q_proj.foo", ["q_proj"], [], [], false },
        { "transformer.h.1.attn.attention.q_proj", ["q_proj", "v_proj"], [], [], true },
        { "transformer.h.1.attn.attention.resid_dropout", ["q_proj", "v_proj"], [], [], false },
        { "transformer.h.1.attn.attention.q_proj", ["q_proj"], [1], ["h"], true },
        { "transformer.h.1.attn.attention.q_proj", ["q_proj"], [2], ["h"], false },
        { "foo.bar.1.baz", ["baz"], [1], ["foo"], false },
        { "foo.bar.1.baz", ["baz"], [1], ["baz"], false },
        { "bar.1.baz", ["baz"], [1], ["bar"], false }, // only behind a dot
        { "foo.bar.001.baz", ["baz"], [1], ["bar"], true },
        { "foo.bar.1.spam.2.baz", ["baz"], [1], ["bar"], true },
        { "foo.bar.2.spam.1.baz", ["baz"], [1], ["bar"], false },
        { "foo.bar.2.spam.1.baz", ["baz"], [1], [], true }, // without a name the last number
        { "foo.bar.1.baz", ["foo.bar.1.baz"], [7], ["bar"], true }, // a whole path holds whatever the blocks
    };

    [Theory]
    [MemberData(nameof(Lists))]
    public void IsTarget_List_FollowsPeft(string path, string[] targets, int[] layers, string[] pattern, bool expected) =>
        Assert.Equal(expected, new AdapterRules(new LoraConfig { TargetModules = targets, LayersToTransform = layers, LayersPattern = pattern }).IsTarget(path, isHead: false));

    [Theory]
    [InlineData("foo", "foo", true)]
    [InlineData("foo", ".*oo", true)]
    [InlineData("foo", "fo.*", true)]
    [InlineData("foo", "fo", false)]
    [InlineData("foo", ".*bar.*", false)]
    [InlineData("foobar", ".*oba.*", true)]
    [InlineData("foobar", "foo|foobar", true)] // an alternative that matches in part is given up for one that matches in full
    [InlineData("encoder.decoder.1.SelfAttention.q", ".*decoder.*(SelfAttention|EncDecAttention).*(q|v)$", true)]
    [InlineData("encoder.decoder.1.SelfAttention.k", ".*decoder.*(SelfAttention|EncDecAttention).*(q|v)$", false)]
    [InlineData("model.layers.3.mlp.up_proj", @"(?P<all>.*)\.(?P<n>[0-9]+)\.mlp\.up_proj\Z", true)]
    [InlineData("aa.aa", @"(?P<x>a{,2})\.(?P=x)", true)]
    [InlineData("a[b", @"a[[]b", true)]
    [InlineData("a]b", @"a[]]b", true)]
    [InlineData("acb", @"a[^]]b", true)]
    public void IsTarget_Pattern_MatchesThePathInFull(string path, string pattern, bool expected) =>
        Assert.Equal(expected, new AdapterRules(new LoraConfig { TargetPattern = pattern }).IsTarget(path, isHead: false));

    [Theory]
    [InlineData("q_proj", null, false)]
    [InlineData("lf_attn.q_proj", null, true)]
    [InlineData("layers.1.self_attn.q_proj", null, true)]
    [InlineData("layers.0.self_attn.q_proj", null, false)]
    [InlineData(null, ".*0.*", false)]
    [InlineData(null, "layers", true)] // in full
    public void IsTarget_Excluded_IsNone(string? name, string? pattern, bool expected) =>
        Assert.Equal(expected, new AdapterRules(new LoraConfig { TargetModules = ["q_proj"], ExcludeModules = name is null ? null : [name], ExcludePattern = pattern })
            .IsTarget("model.layers.0.self_attn.q_proj", isHead: false));

    [Fact]
    public void IsTarget_AllLinear_LeavesTheHeadOutAndAnythingExcluded()
    {
        var rules = new AdapterRules(new LoraConfig { TargetModules = ["All-Linear"], ExcludeModules = ["down_proj"], ModulesToSave = ["1.mlp"] });
        Assert.False(rules.IsTarget("lm_head", isHead: true));
        Assert.False(rules.IsTarget("model.layers.0.mlp.down_proj", isHead: false));
        Assert.False(rules.IsTarget("model.layers.1.mlp.up_proj", isHead: false)); // saved whole
        Assert.True(rules.IsTarget("model.layers.0.mlp.up_proj", isHead: false));
        Assert.True(new AdapterRules(new LoraConfig { TargetModules = ["lm_head"] }).IsTarget("lm_head", isHead: true));
    }

    [Theory]
    [InlineData("foo", "foo module.foo module.module.foo")]
    [InlineData("^foo", "foo")]
    [InlineData("^module.foo", "module.foo")]
    [InlineData("module.foo", "module.foo module.module.foo")]
    [InlineData("(foo|foobar)", "foo foobar module.foo module.module.foo")]
    [InlineData(".*foo", "foo barfoo module.foo module.barfoo module.module.foo")]
    public void RankOf_PatternKey_IsThePathsEndBehindADot(string key, string expected)
    {
        var rules = new AdapterRules(new LoraConfig { Rank = 8, RankPattern = new Dictionary<string, int> { [key] = 16 } });
        string[] paths = ["foo", "barfoo", "foobar", "module.foo", "module.barfoo", "module.module.foo"];
        Assert.Equal(expected.Split(' '), paths.Where(p => rules.RankOf(p) == 16));
        Assert.All(paths.Except(expected.Split(' ')), p => Assert.Equal(8, rules.RankOf(p)));
    }

    [Theory]
    [InlineData(false, "a.x", 6.0 / 4)]
    [InlineData(false, "b.x", 6.0 / 9)]
    [InlineData(false, "b.y", 12.0 / 4)]
    [InlineData(true, "b.x", 6.0 / 3)]
    [InlineData(true, "b.y", 12.0 / 2)]
    public void ScalingOf_Patterns_UsesTheLayersOwnRankAndAlpha(bool rs, string path, double expected) =>
        Assert.Equal(
            expected,
            new AdapterRules(new LoraConfig { Rank = 4, Alpha = 6, UseRsLora = rs, RankPattern = new Dictionary<string, int> { ["b.x"] = 9 }, AlphaPattern = new Dictionary<string, double> { ["y"] = 12 } }).ScalingOf(path),
            12);

    [Theory]
    [InlineData("(")]
    [InlineData("a)(b")]
    [InlineData("[a")]
    public void Rules_NoRegularExpression_IsNamed(string pattern)
    {
        var fault = Assert.Throws<ConfigurationException>(() => new AdapterRules(new LoraConfig { TargetPattern = pattern }));
        Assert.Contains($"'{pattern}'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rules_PatternThatNeverEnds_IsGivenUp()
    {
        var rules = new AdapterRules(new LoraConfig { TargetPattern = @"(\w+\w+)+!" });
        Assert.Contains("more than a second", Assert.Throws<ConfigurationException>(() => rules.IsTarget(new string('a', 60), false)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rules_BlocksWithAPattern_AreRefusedAsInPeft()
    {
        Assert.Throws<ConfigurationException>(() => new AdapterRules(new LoraConfig { TargetPattern = ".*q", LayersToTransform = [0] }));
        Assert.Throws<ConfigurationException>(() => new AdapterRules(new LoraConfig { TargetModules = ["all-linear"], LayersToTransform = [0] }));
    }
}
