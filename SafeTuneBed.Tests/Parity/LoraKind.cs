using System.Text.Json;
using SafeTuneBed.Models;
using TorchSharp;

namespace SafeTuneBed.Tests.Parity;

/// <summary>Adapters on a model beside them: gradients, training recipes, a trained adapter, and PEFT's files.</summary>
internal sealed class LoraKind : IGoldenKind
{
    private const double LogitTolerance = 3e-4;

    public string Name => "adapter training";

    public bool Matches(GoldenFixture fixture) => fixture.Has("base_model", "batches", "r") && Fields(fixture, "train_").Concat(Fields(fixture, "grad_")).Any();

    public string? Unsupported(GoldenFixture fixture) => null;

    public IReadOnlyDictionary<string, Action<GoldenFixture, Measured>> Checks(GoldenFixture fixture)
    {
        var checks = new Dictionary<string, Action<GoldenFixture, Measured>>();
        foreach (string name in Fields(fixture, "grad_"))
        {
            checks[name] = (f, m) => Gradients(f, m, name);
        }

        foreach (string name in Fields(fixture, "train_"))
        {
            checks[name] = (f, m) => Run(f, m, name);
        }

        if (fixture.Has("merged"))
        {
            checks["loaded adapter"] = LoadedAdapter;
            checks["merged weights"] = MergedWeights;
            checks["saved files"] = SavedFiles;
        }

        return checks;
    }

    private static IEnumerable<string> Fields(GoldenFixture fixture, string prefix) =>
        fixture.Expected.ValueKind == JsonValueKind.Object ? fixture.Expected.EnumerateObject().Select(p => p.Name).Where(n => n.StartsWith(prefix, StringComparison.Ordinal)) : [];

    private static void Gradients(GoldenFixture fixture, Measured measured, string name)
    {
        using var lora = new LoraFixture(fixture.Folder);
        var (loss, gradient, logits) = lora.CompareGradients(name);
        measured.Note("loss", loss, 1e-5);
        measured.Note("gradients", gradient, 2e-5);
        measured.Note("logits", logits, LogitTolerance);
    }

    private static void Run(GoldenFixture fixture, Measured measured, string name)
    {
        using var lora = new LoraFixture(fixture.Folder);
        var (loss, norm, rate, weights) = lora.CompareRun(name);
        measured.Note("loss of each step", loss, 1e-5);
        measured.Note("gradient norm, relative", norm, 1e-5);
        measured.Note("learning rate", rate, 1e-12);
        // From B = 0 the first gradients of A are tiny and Adam magnifies their rounding.
        bool fromZero = fixture.Expected.GetProperty(name).GetProperty("start").GetString() == "adapter_zero";
        measured.Note("weights after the last step", weights, fromZero ? 5e-5 : 2e-6);
    }

    private static void LoadedAdapter(GoldenFixture fixture, Measured measured)
    {
        using var lora = new LoraFixture(fixture.Folder);
        var (logits, loss, ids) = lora.CompareLoadedAdapter();
        measured.Note("logits", logits, LogitTolerance);
        measured.Note("loss", loss, 1e-5);
        measured.Equal("greedy ids", ids.Actual, ids.Expected);
    }

    private static void MergedWeights(GoldenFixture fixture, Measured measured)
    {
        using var lora = new LoraFixture(fixture.Folder);
        measured.Note("weights", lora.CompareMergedWeights(), 2e-7);
    }

    // A loaded adapter, saved again, has the same files, keys, values, types and bits.
    private static void SavedFiles(GoldenFixture fixture, Measured measured)
    {
        string source = Path.Combine(fixture.Folder, fixture.Expected.GetProperty("merged").GetProperty("adapter").GetString()!);
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            using (PeftAdapter adapter = PeftAdapter.Load(source))
            {
                adapter.Save(folder);
            }

            measured.Equal("files", [.. Directory.GetFiles(folder).Select(Path.GetFileName).Order()], [.. Directory.GetFiles(source).Select(Path.GetFileName).Order()]);
            using JsonDocument want = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(source, PeftAdapter.ConfigFile)));
            using JsonDocument got = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, PeftAdapter.ConfigFile)));
            measured.Equal("keys", [.. got.RootElement.EnumerateObject().Select(p => p.Name)], [.. want.RootElement.EnumerateObject().Select(p => p.Name)]);
            Assert.All(want.RootElement.EnumerateObject(), p => Assert.True(
                JsonElement.DeepEquals(p.Value, got.RootElement.GetProperty(p.Name)), $"{p.Name}: {p.Value} became {got.RootElement.GetProperty(p.Name)}"));
            Assert.Equal(want.RootElement.GetProperty("lora_dropout").GetRawText(), got.RootElement.GetProperty("lora_dropout").GetRawText());
            using SafetensorsFile wantTensors = SafetensorsFile.Open(Path.Combine(source, PeftAdapter.WeightsFile));
            using SafetensorsFile gotTensors = SafetensorsFile.Open(Path.Combine(folder, PeftAdapter.WeightsFile));
            measured.Equal("tensor names", [.. gotTensors.Names.Order()], [.. wantTensors.Names.Order()]);
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
}
