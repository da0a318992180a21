using System.Text.Json;
using System.Text.Json.Nodes;
using SafeTuneBed.Methods.SafeLora;
using SafeTuneBed.Models;
using SafeTuneBed.Running;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Parity;

/// <summary>SafeLoRA: cosines, decisions and projected factors of an adapter between two models.</summary>
internal sealed class SafeLoraKind : IGoldenKind
{
    public string Name => "SafeLoRA";

    public bool Matches(GoldenFixture fixture) => fixture.Has("base_model", "aligned_model", "adapter", "runs", "cosines_sorted");

    public string? Unsupported(GoldenFixture fixture) => null;

    public IReadOnlyDictionary<string, Action<GoldenFixture, Measured>> Checks(GoldenFixture fixture)
    {
        var checks = new Dictionary<string, Action<GoldenFixture, Measured>> { ["projectors"] = Projectors };
        foreach (string run in fixture.Expected.GetProperty("runs").EnumerateObject().Select(r => r.Name))
        {
            checks[$"projection {run}"] = (f, m) => Run(f, m, run);
        }

        return checks;
    }

    private static void Run(GoldenFixture fixture, Measured measured, string name)
    {
        JsonElement run = fixture.Expected.At("runs", name);
        bool byNumber = run.GetProperty("mode").GetString() == "number";
        SafeLoraOptions options = byNumber
            ? new() { Mode = ProjectionMode.Number, Number = run.GetProperty("number").GetInt32() }
            : new() { Mode = ProjectionMode.Threshold, Threshold = run.GetProperty("threshold").GetDouble() };
        using PeftAdapter start = PeftAdapter.Load(At(fixture, "adapter"));
        (ModelArtifact artifact, JsonObject report) = Transform(fixture, options, start);
        using (artifact)
        {
            JsonElement[] want = [.. run.GetProperty("layers").EnumerateArray()];
            Dictionary<string, JsonNode> got = report["layers"]!.AsArray().ToDictionary(l => l!["path"]!.GetValue<string>(), l => l!["figures"]!);
            measured.Equal("layers", [.. got.Keys], [.. want.Select(l => l.GetProperty("module").GetString()!)]);
            measured.Equal("which are projected", [.. want.Select(l => Figure(got[Module(l)], "projected") == 1)], [.. want.Select(l => l.GetProperty("projected").GetBoolean())]);
            measured.Near("number of projected layers", report["figures"]!["projected"]!.GetValue<double>(), run.GetProperty("num_projected").GetInt32(), 0);
            measured.Near("threshold in force", report["figures"]!["threshold"]!.GetValue<double>(), run.GetProperty("effective_threshold").GetDouble(), 1e-5);
            foreach (JsonElement layer in want)
            {
                (Tensor a, Tensor b) = artifact.Adapter!.Factors[Module(layer)];
                (Tensor oldA, Tensor oldB) = start.Factors[Module(layer)];
                bool projected = layer.GetProperty("projected").GetBoolean();
                measured.Near("cosine", Figure(got[Module(layer)], "cosine"), layer.GetProperty("cos_unrounded").GetDouble(), 1e-6);
                measured.Near("A", a, oldA.to(ScalarType.Float64), 0);
                measured.Near(projected ? "P B" : "B of other layers", b, projected ? fixture.Tensor($"PB.{Module(layer)}") : oldB.to(ScalarType.Float64), projected ? 1e-6 : 0);
                measured.Near("norm of B", Norm(b), layer.GetProperty("B_out_l2").GetDouble(), 1e-6);
            }
        }
    }

    // An adapter whose B is the identity becomes the projector itself.
    private static void Projectors(GoldenFixture fixture, Measured measured)
    {
        using var scope = NewDisposeScope();
        using PeftAdapter adapter = PeftAdapter.Load(At(fixture, "adapter"));
        using var identities = new PeftAdapter(adapter.Config, adapter.BaseModel, adapter.Factors.ToDictionary(f => f.Key, f => (Ones(f.Value.B.shape[0], f.Value.A.shape[1]), Identity(f.Value.B.shape[0]))));
        (ModelArtifact artifact, _) = Transform(fixture, new() { Mode = ProjectionMode.Threshold, Threshold = 1 }, identities);
        using (artifact)
        {
            Assert.NotEmpty(artifact.Adapter!.Factors);
            foreach ((string path, (_, Tensor p)) in artifact.Adapter.Factors)
            {
                measured.Near("P", p, fixture.Tensor($"P.{path}"), 1e-6);
            }
        }

        static Tensor Identity(long size) => eye(size).DetachFromDisposeScope();
        static Tensor Ones(long rows, long columns) => ones(rows, columns).DetachFromDisposeScope();
    }

    private static (ModelArtifact Artifact, JsonObject Report) Transform(GoldenFixture fixture, SafeLoraOptions options, PeftAdapter adapter) => WeightTransform.Run(
        new SafeLoraAlgorithm { Options = options },
        new ModelArtifact { Model = ModelReference.Folder("fixture"), Adapter = adapter },
        At(fixture, "aligned_model"),
        [new CompanionDescription(ModelCompanion.Base, At(fixture, "base_model"), "")],
        null, CancellationToken.None);

    private static string At(GoldenFixture fixture, string field) => Path.GetFullPath(Path.Combine(fixture.Folder, fixture.Expected.GetProperty(field).GetString()!));

    private static string Module(JsonElement layer) => layer.GetProperty("module").GetString()!;

    private static double Figure(JsonNode figures, string name) => figures[name]!.GetValue<double>();

    private static double Norm(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.to(ScalarType.Float64).norm().item<double>();
    }
}
