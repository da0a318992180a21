using Microsoft.Extensions.Configuration;
using SafeTuneBed.Running;

namespace SafeTuneBed.Tests.Core.Running;

/// <summary>The adapters' settings: checked when given, bound from configuration, laid over one another.</summary>
public sealed class LoraOptionsTests
{
    public static TheoryData<LoraOptions, string> Wrong => new()
    {
        { new LoraOptions { TargetModules = [] }, "TargetModules" },
        { new LoraOptions { TargetModules = ["q_proj", "all-linear"] }, "q_proj, all-linear" },
        { new LoraOptions { TargetPattern = "(" }, "'('" },
        { new LoraOptions { ExcludePattern = "[a" }, "'[a'" },
        { new LoraOptions { TargetPattern = "" }, "pattern is empty" },
        { new LoraOptions { ExcludeModules = [" "] }, "ExcludeModules" },
        { new LoraOptions { LayersToTransform = [0, -1] }, "-1" },
        { new LoraOptions { LayersToTransform = [3], TargetPattern = ".*q_proj" }, "LayersToTransform is 3" },
        { new LoraOptions { LayersToTransform = [3], TargetModules = ["all-linear"] }, "LayersToTransform is 3" },
        { new LoraOptions { RankPattern = new Dictionary<string, int> { ["q_proj"] = 0 } }, "the rank 0" },
        { new LoraOptions { RankPattern = new Dictionary<string, int> { ["q_proj("] = 1 } }, "'q_proj('" },
        { new LoraOptions { AlphaPattern = new Dictionary<string, double> { ["q_proj"] = double.NaN } }, "the alpha NaN" },
        { new LoraOptions { ModulesToSave = [""] }, "ModulesToSave" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Faults_WrongSetting_NameTheValue(LoraOptions options, string said) =>
        Assert.Contains(said, Assert.Single(OptionsValidation.Faults(options, "lora")), StringComparison.Ordinal);

    [Fact]
    public void Faults_RightSettings_AreNone() => Assert.Empty(OptionsValidation.Faults(
        new LoraOptions
        {
            TargetModules = ["q_proj"],
            ExcludePattern = ".*1.*",
            LayersToTransform = [0],
            LayersPattern = ["layers"],
            RankPattern = new Dictionary<string, int> { ["^model.layers.0.self_attn.q_proj"] = 4 },
            AlphaPattern = new Dictionary<string, double> { ["q_proj"] = 4 },
            ModulesToSave = ["lm_head"],
        },
        "lora"));

    [Fact]
    public void Bind_EverySetting_IsReadFromConfiguration()
    {
        var values = new Dictionary<string, string?>
        {
            ["L:TargetPattern"] = ".*q_proj",
            ["L:ExcludeModules:0"] = "o_proj",
            ["L:LayersToTransform:0"] = "1",
            ["L:RankPattern:layers.0.self_attn.q_proj"] = "4",
            ["L:AlphaPattern:q_proj"] = "2.5",
            ["L:ModulesToSave:0"] = "lm_head",
        };
        var options = new LoraOptions();
        var faults = new List<string>();
        SectionBinder.Bind(new ConfigurationBuilder().AddInMemoryCollection(values).Build().GetSection("L"), options, faults);
        Assert.Empty(faults);
        Assert.Equal(".*q_proj", options.TargetPattern);
        Assert.Equal(["o_proj"], options.ExcludeModules);
        Assert.Equal([1], options.LayersToTransform);
        Assert.Equal(4, options.RankPattern!["layers.0.self_attn.q_proj"]);
        Assert.Equal(2.5, options.AlphaPattern!["q_proj"]);
        Assert.Equal(["lm_head"], options.ModulesToSave);
    }

    [Fact]
    public void Resolve_ListAboveAPattern_TakesItsPlaceAndAPatternAboveAListToo()
    {
        LoraConfig Resolve(params (string, LoraOptions?)[] layers) => SettingLayers.Resolve<LoraOptions, LoraConfig>("Lora", layers, new Dictionary<string, string>());
        var list = new LoraOptions { TargetModules = ["k_proj"], ExcludeModules = ["a"] };
        var pattern = new LoraOptions { TargetPattern = ".*q", ExcludePattern = ".*b" };
        Assert.Equal((null, null), (Resolve(("a", pattern), ("b", list)).TargetPattern, Resolve(("a", pattern), ("b", list)).ExcludePattern));
        Assert.Equal((".*q", ".*b"), (Resolve(("a", list), ("b", pattern)).TargetPattern, Resolve(("a", list), ("b", pattern)).ExcludePattern));
    }

    [Fact]
    public void Fingerprint_SettingsThatAreNotUsed_AreNotInIt()
    {
        string json = CanonicalJson.Write(CanonicalJson.ToNode(new LoraConfig(), "lora"));
        Assert.Equal("""{"alpha":4,"dropout":0.1,"rank":8,"scaling":0.5,"targetModules":["q_proj","v_proj"],"useRsLora":false}""", json);
        string other = CanonicalJson.Write(CanonicalJson.ToNode(new LoraConfig { RankPattern = new Dictionary<string, int> { ["q_proj"] = 4 } }, "lora"));
        Assert.Contains("\"rankPattern\":{\"q_proj\":4}", other, StringComparison.Ordinal);
    }
}
