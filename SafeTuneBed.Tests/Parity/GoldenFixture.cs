using System.Text.Json;
using SafeTuneBed.Models;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Parity;

/// <summary>One folder of reference results: <c>expected.json</c> (or <c>cases.json</c>) beside what it was computed from.</summary>
internal sealed class GoldenFixture
{
    public GoldenFixture(string root, string folder)
    {
        Folder = folder;
        Name = Path.GetRelativePath(root, folder).Replace('\\', '/');
        string file = Path.Combine(folder, "expected.json");
        HasCases = !File.Exists(file);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(HasCases ? Path.Combine(folder, "cases.json") : file));
        Expected = document.RootElement.Clone();
    }

    /// <summary>Path below the root that was searched.</summary>
    public string Name { get; }

    public string Folder { get; }

    /// <summary>Whether the results are in <c>cases.json</c>.</summary>
    public bool HasCases { get; }

    /// <summary>The results.</summary>
    public JsonElement Expected { get; }

    public bool Has(params string[] fields) => Expected.ValueKind == JsonValueKind.Object && fields.All(f => Expected.TryGetProperty(f, out _));

    /// <summary>A tensor of <c>expected.safetensors</c>, in float64.</summary>
    public Tensor Tensor(string name)
    {
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(Folder, "expected.safetensors"));
        using Tensor stored = file.Read(name);
        return stored.to(ScalarType.Float64);
    }

    /// <summary>The architecture that the folder's configuration names, or null.</summary>
    public string? Architecture => File.Exists(Path.Combine(Folder, "config.json")) ? ModelConfig.Read(Folder).FirstText("architectures") : null;
}
