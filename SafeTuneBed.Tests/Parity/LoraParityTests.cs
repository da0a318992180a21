using System.Text.Json;
using SafeTuneBed.Models;
using SafeTuneBed.Tests.TestDoubles;
using TorchSharp;

namespace SafeTuneBed.Tests.Parity;

/// <summary>Adapters, gradients and training runs against every fixture of the kind <c>llama_lora</c>, to the tolerances of the fixtures' own page.</summary>
[Collection(TorchCollection.Name)]
public sealed class LoraParityTests(ITestOutputHelper output)
{
    private static readonly string GoldenRoot = Environment.GetEnvironmentVariable("SAFETUNEBED_GOLDEN") is { Length: > 0 } folder
        ? Path.GetFullPath(folder, SharedFolder.Root)
        : Path.Combine(SharedFolder.Root, "SafeTuneBed.Tests", "Parity", "golden");

    public static TheoryData<string> Fixtures => [.. Directory.EnumerateFiles(GoldenRoot, "expected.json", SearchOption.AllDirectories)
        .Where(f => LoraFixture.Recognizes(JsonDocument.Parse(File.ReadAllBytes(f)).RootElement))
        .Select(f => Path.GetRelativePath(GoldenRoot, Path.GetDirectoryName(f)!))
        .Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Gradients_OfAFixture_EqualTheReference(string name)
    {
        using LoraFixture fixture = Open(name);
        foreach (string check in fixture.GradientChecks)
        {
            var (loss, gradient, logits) = fixture.CompareGradients(check);
            output.WriteLine($"{name}/{check}: loss {loss:E1}, gradients {gradient:E1}, logits {logits:E1}");
            Assert.True(loss <= 1e-5, $"{check}: loss differs by {loss:E2}");
            Assert.True(gradient <= 2e-5, $"{check}: a gradient differs by {gradient:E2}");
            Assert.True(logits <= 3e-4, $"{check}: logits differ by {logits:E2}");
        }
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Training_OfAFixture_FollowsTheReferenceStepByStep(string name)
    {
        using LoraFixture fixture = Open(name);
        foreach (string run in fixture.Runs)
        {
            var (loss, norm, rate, weights) = fixture.CompareRun(run);
            output.WriteLine($"{name}/{run}: loss {loss:E1}, norm {norm:E1}, rate {rate:E1}, weights {weights:E1}");
            Assert.True(loss <= 1e-5, $"{run}: a loss differs by {loss:E2}");
            Assert.True(norm <= 1e-5, $"{run}: a gradient norm differs by a share of {norm:E2}");
            Assert.True(rate <= 1e-12, $"{run}: a learning rate differs by {rate:E2}");
            // From B = 0 the first gradients of A are tiny and Adam magnifies their rounding.
            Assert.True(weights <= (run.Contains("from_zero", StringComparison.Ordinal) ? 5e-5 : 2e-6), $"{run}: a weight differs by {weights:E2}");
        }
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void LoadedAdapter_OfAFixture_GivesTheReferencesLogits(string name)
    {
        using LoraFixture fixture = Open(name);
        double difference = fixture.CompareLoadedAdapter();
        output.WriteLine($"{name}/merged: {difference:E1}");
        Assert.True(difference <= 3e-4, $"logits differ by {difference:E2}");
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void SavedAdapter_OfAFixture_HasPeftsFilesKeysAndBytes(string name)
    {
        string source = Path.Combine(GoldenRoot, name, "adapter_trained");
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            using (PeftAdapter adapter = PeftAdapter.Load(source))
            {
                adapter.Save(folder);
            }

            Assert.Equal(Directory.GetFiles(source).Select(Path.GetFileName).Order(), Directory.GetFiles(folder).Select(Path.GetFileName).Order());
            using JsonDocument want = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(source, PeftAdapter.ConfigFile)));
            using JsonDocument got = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, PeftAdapter.ConfigFile)));
            Assert.Equal(want.RootElement.EnumerateObject().Select(p => p.Name), got.RootElement.EnumerateObject().Select(p => p.Name));
            Assert.All(want.RootElement.EnumerateObject(), p => Assert.True(
                JsonElement.DeepEquals(p.Value, got.RootElement.GetProperty(p.Name)), $"{p.Name}: {p.Value} became {got.RootElement.GetProperty(p.Name)}"));
            Assert.Equal(want.RootElement.GetProperty("lora_dropout").GetRawText(), got.RootElement.GetProperty("lora_dropout").GetRawText());
            using SafetensorsFile wantTensors = SafetensorsFile.Open(Path.Combine(source, PeftAdapter.WeightsFile));
            using SafetensorsFile gotTensors = SafetensorsFile.Open(Path.Combine(folder, PeftAdapter.WeightsFile));
            Assert.Equal(wantTensors.Names.Order(), gotTensors.Names.Order());
            Assert.Equal("pt", gotTensors.Metadata["format"]);
            foreach (string tensor in wantTensors.Names)
            {
                using torch.Tensor a = wantTensors.Read(tensor);
                using torch.Tensor b = gotTensors.Read(tensor);
                Assert.Equal(a.dtype, b.dtype);
                Assert.True(a.Equals(b), tensor);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static LoraFixture Open(string name) => new(Path.Combine(GoldenRoot, name));
}
