using SafeTuneBed.Running;
using SafeTuneBed.Sandbox;
using SafeTuneBed.Tests.TestDoubles;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Core.Running;

/// <summary>Damaged model folders: everything that is wrong with one is told at once, from headers alone.</summary>
[Collection(TorchCollection.Name)]
public sealed class ModelHostTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("safetunebed-tests-").FullName;

    public ModelHostTests()
    {
        foreach (string file in Directory.GetFiles(SandboxFolder.Resolve(null).Aligned))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Describe_WholeFolder_KnowsVocabularyPathsAndTemplate()
    {
        ModelDescription model = await DescribeAsync();
        Assert.Equal((2870, 160, true, "chat"), (model.VocabularySize, model.ContextLength, model.HasChatTemplate, model.Template.Id));
        Assert.Equal(3 * 7, model.LinearPaths.Count);
        Assert.Contains("model.layers.2.mlp.down_proj", model.LinearPaths);
    }

    [Fact]
    public async Task Describe_WeightsOfAnotherShapeTypeAndName_NamesEveryTensorAtOnce()
    {
        Rewrite(w =>
        {
            w.Remove("model.norm.weight");
            w["model.layers.1.mlp.up_proj.weight"] = zeros(344, 127);
            w["model.layers.0.input_layernorm.weight"] = zeros(128, ScalarType.Int64);
            w["model.layers.3.mlp.up_proj.weight"] = zeros(344, 128);
        });

        string message = (await Assert.ThrowsAsync<ModelFormatException>(DescribeAsync)).Message;

        Assert.All(
            [
                "tensor 'model.norm.weight' [128] is missing",
                "tensor 'model.layers.1.mlp.up_proj.weight' has shape [344, 127], but the configuration wants [344, 128]",
                "tensor 'model.layers.0.input_layernorm.weight' holds Int64",
                "tensor 'model.layers.3.mlp.up_proj.weight' is not part of this model",
            ],
            part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Describe_MissingShard_IsNamedOnceWithTheFaultsOfTheOthers()
    {
        Rewrite(w =>
        {
            w["model.layers.1.mlp.up_proj.weight"] = zeros(344, 127);
            w.Remove("model.layers.0.self_attn.q_proj.weight");
        });
        File.Move(Path.Combine(folder, "model.safetensors"), Path.Combine(folder, "one.safetensors"));
        string[] absent = ["model.layers.0.self_attn.q_proj.weight"];
        using (SafetensorsFile one = SafetensorsFile.Open(Path.Combine(folder, "one.safetensors")))
        {
            File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), System.Text.Json.JsonSerializer.Serialize(new
            {
                weight_map = one.Names.ToDictionary(n => n, _ => "one.safetensors").Concat(absent.ToDictionary(n => n, _ => "two.safetensors")).ToDictionary(),
            }));
        }

        string message = (await Assert.ThrowsAsync<ModelFormatException>(DescribeAsync)).Message;

        Assert.Contains("shard 'two.safetensors': the file 'two.safetensors' does not exist", message, StringComparison.Ordinal);
        Assert.Contains("'model.layers.1.mlp.up_proj.weight' has shape [344, 127]", message, StringComparison.Ordinal);
        Assert.DoesNotContain("q_proj", message, StringComparison.Ordinal); // the missing shard says enough
    }

    [Fact]
    public async Task Describe_TruncatedWeightsWithoutTokenizerAndUnknownDevice_TellsAllThree()
    {
        string weights = Path.Combine(folder, "model.safetensors");
        File.WriteAllBytes(weights, File.ReadAllBytes(weights)[..^1000]);
        File.Delete(Path.Combine(folder, "tokenizer.json"));

        string message = (await Assert.ThrowsAsync<ModelFormatException>(() => DescribeAsync(ModelReference.Folder(folder) with { Device = "abacus" }))).Message;

        Assert.Contains("(3) ", message, StringComparison.Ordinal);
        Assert.All(["tokenizer", "model.safetensors", "abacus"], part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("meta-llama/Llama-2-7b-chat-hf", "looks like the id of a hub model", "`hf download meta-llama/Llama-2-7b-chat-hf --local-dir <folder>`")]
    [InlineData("/no/such/folder", "Nothing is downloaded here", "--local-dir")]
    public async Task Describe_FolderThatIsNotThere_SaysHowToGetOne(string location, params string[] texts)
    {
        string message = (await Assert.ThrowsAsync<ModelFormatException>(() => DescribeAsync(location))).Message;
        Assert.All(texts, t => Assert.Contains(t, message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Describe_BothModelsOfTheSandbox_AreDifferentModelsOfOneTokenizer()
    {
        ModelDescription aligned = await DescribeAsync("sandbox"), before = await DescribeAsync("sandbox-base");
        Assert.NotEqual(aligned.Fingerprint, before.Fingerprint);
        Assert.Equal(aligned.Tokenizer.Fingerprint, before.Tokenizer.Fingerprint);
        Assert.Same(ModelReference.SandboxBase, ModelReference.Sandbox.Base);
        Assert.True(ModelReference.SandboxBase.IsSandbox);
    }

    [Fact]
    public async Task Describe_TemplateThatCannotBeRendered_IsAFaultBeforeAnyWeightIsRead()
    {
        foreach (string file in Directory.GetFiles(folder, "chat_template.*"))
        {
            File.Delete(file);
        }

        File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}");
        var error = await Assert.ThrowsAnyAsync<SafeTuneBedException>(DescribeAsync);
        Assert.Contains("1000", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Worker_TwoFoldersThatDifferInTheirTokenizerAlone_AnswersByTheOneThatWasAskedFor()
    {
        string tokenizer = Path.Combine(folder, "tokenizer.json");
        var json = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(tokenizer))!;
        json["truncation"] = null;
        json["padding"] = new System.Text.Json.Nodes.JsonObject();
        File.WriteAllText(tokenizer, json.ToJsonString());
        ModelDescription first = await DescribeAsync("sandbox"), second = await DescribeAsync();
        Assert.Equal(first.Fingerprint, second.Fingerprint);
        Assert.NotEqual(first.Tokenizer.Fingerprint, second.Tokenizer.Fingerprint);

        await using var worker = new ModelWorker(1);
        foreach (ModelDescription model in new[] { first, second, first })
        {
            using var untouched = new ModelArtifact { Model = model.Model };
            var opened = (SafeTuneBed.Models.LanguageModel)await worker.OpenAsync(model, untouched, TestContext.Current.CancellationToken);
            Assert.Equal(model.Tokenizer.Fingerprint, opened.Tokenizer.Fingerprint);
        }
    }

    private Task<ModelDescription> DescribeAsync() => DescribeAsync(folder);

    private static Task<ModelDescription> DescribeAsync(ModelReference model) => new ModelHost(new BedSettings()).DescribeAsync(model, null, TestContext.Current.CancellationToken);

    private void Rewrite(Action<Dictionary<string, Tensor>> change)
    {
        using var scope = NewDisposeScope();
        string path = Path.Combine(folder, "model.safetensors");
        var weights = new Dictionary<string, Tensor>();
        using (SafetensorsFile file = SafetensorsFile.Open(path))
        {
            foreach (string name in file.Names)
            {
                weights[name] = file.Read(name).clone();
            }
        }

        change(weights);
        SafetensorsFile.Write(path, weights);
    }
}
