using System.Text.Json.Nodes;
using SafeTuneBed.Methods.SafeLora;
using SafeTuneBed.Methods.ScaleLora;
using SafeTuneBed.Models;
using SafeTuneBed.Running;
using SafeTuneBed.Tests.Core.Models;
using SafeTuneBed.Tests.TestDoubles;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Methods;

/// <summary>SafeLoRA and its control on small models: figures made by hand, dense twins in doubles, and what must not change.</summary>
[Collection(TorchCollection.Name)]
public sealed class SafeLoraTests : IDisposable
{
    private static readonly string[] Paths = ["model.layers.0.self_attn.v_proj", "model.layers.1.self_attn.v_proj", "model.layers.0.mlp.down_proj", "model.layers.1.mlp.down_proj"];

    private readonly List<IDisposable> made = [];

    public void Dispose() => made.ForEach(m => m.Dispose());

    [Fact]
    public void Project_TwoByTwoByHand_IsTheFigureOfThePaper()
    {
        // V = diag(1, 2), B = [1, 1]ᵀ, A = [1, 0]: C = V Vᵀ / sqrt 5, so B' = [1, 4] / sqrt 5.
        (TinyModel aligned, TinyModel before) = Pair(new TinyShape { Hidden = 2, Heads = 1, KeyValueHeads = 1, HeadSize = 2, Layers = 1 });
        float[] weight = aligned.Weights[Paths[0] + ".weight"].Values, old = before.Weights[Paths[0] + ".weight"].Values;
        float[] v = [1, 0, 0, 2];
        for (int i = 0; i < 4; i++)
        {
            weight[i] = (float)((decimal)old[i] + (decimal)v[i]);
            old[i] = (float)((decimal)weight[i] - (decimal)v[i]);
        }

        AdapterFolder adapter = Keep(AdapterFolder.With("\"r\": 1, \"lora_alpha\": 1, \"target_modules\": [\"v_proj\"]").Add(aligned, Paths[0], 1));
        Set(adapter, Paths[0], "A", 1, 0);
        Set(adapter, Paths[0], "B", 1, 1);
        var (b, _, report) = Run(new SafeLoraAlgorithm { Options = new() { Mode = ProjectionMode.Threshold, Threshold = 0.86 } }, aligned, before, adapter);

        Assert.Equal(0.447214, b[Paths[0]][0], 1e-5f);
        Assert.Equal(1.788854, b[Paths[0]][1], 1e-5f);
        Assert.Equal(0.857493, Figure(report, Paths[0], "cosine"), 1e-5);
        Assert.Equal(Math.Sqrt(17.0 / 5 / 2), Figure(report, Paths[0], "shrinkage"), 1e-5);
        Assert.Equal(Math.Sqrt(5), Figure(report, Paths[0], "alignment-norm"), 1e-5);
        Assert.Equal(1, report["figures"]!["pdst"]!.GetValue<double>()); // what was projected is at its projection

        var (untouched, _, other) = Run(new SafeLoraAlgorithm { Options = new() { Mode = ProjectionMode.Threshold, Threshold = 0.85 } }, aligned, before, adapter);
        Assert.Equal([1f, 1f], untouched[Paths[0]]);
        Assert.Equal(1 / (1 + Math.Sqrt(Math.Pow(1 - 0.447214, 2) + Math.Pow(0.788854, 2))), other["figures"]!["pdst"]!.GetValue<double>(), 1e-5);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Project_RandomLayers_IsTheDenseProductInDoubles(int seed)
    {
        (TinyModel aligned, TinyModel before) = Pair(new TinyShape { Seed = seed });
        AdapterFolder adapter = Adapter(aligned);
        var (b, a, report) = Run(new SafeLoraAlgorithm { Options = new() { Mode = ProjectionMode.Threshold, Threshold = 1 } }, aligned, before, adapter);
        foreach (string path in Paths)
        {
            (double[,] twin, double cosine) = Dense(aligned, before, adapter, path);
            Assert.All(Flat(twin).Zip(b[path]), p => Assert.Equal(p.First, p.Second, 2e-6));
            Assert.Equal(cosine, Figure(report, path, "cosine"), 1e-6);
            Assert.Equal(adapter.Tensors[$"base_model.model.{path}.lora_A.weight"].Values, a[path]);
        }

        Assert.Equal(4, report["figures"]!["projected"]!.GetValue<double>());
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(3, 3)]
    [InlineData(4, 4)]
    [InlineData(99, 4)]
    public void Project_ByNumber_ChangesTheLayersWithTheSmallestCosines(int number, int changed)
    {
        (TinyModel aligned, TinyModel before) = Pair(new TinyShape());
        AdapterFolder adapter = Adapter(aligned);
        var (b, _, report) = Run(new SafeLoraAlgorithm { Options = new() { Number = number } }, aligned, before, adapter);

        string[] order = [.. Paths.OrderBy(p => Dense(aligned, before, adapter, p).Cosine)];
        Assert.Equal(order.Take(changed).Order(), Paths.Where(p => !b[p].SequenceEqual(B(adapter, p))).Order());
        Assert.Equal(order.Take(changed).Order(), Paths.Where(p => Figure(report, p, "projected") == 1).Order());
    }

    [Fact]
    public void Project_EqualCosines_AreAllChanged()
    {
        (TinyModel aligned, TinyModel before) = Pair(new TinyShape());
        AdapterFolder adapter = Adapter(aligned);
        foreach (string part in new[] { "A", "B" })
        {
            Set(adapter, Paths[1], part, adapter.Tensors[$"base_model.model.{Paths[0]}.lora_{part}.weight"].Values);
        }

        aligned.Weights[Paths[0] + ".weight"].Values.CopyTo(aligned.Weights[Paths[1] + ".weight"].Values, 0);
        before.Weights[Paths[0] + ".weight"].Values.CopyTo(before.Weights[Paths[1] + ".weight"].Values, 0);
        double[] cosines = [.. Paths.Select(p => Dense(aligned, before, adapter, p).Cosine).Order()];
        int upTo = Array.FindIndex(cosines, c => Math.Abs(c - Dense(aligned, before, adapter, Paths[0]).Cosine) < 1e-9) + 1;
        var (_, _, report) = Run(new SafeLoraAlgorithm { Options = new() { Number = upTo } }, aligned, before, adapter);
        Assert.Equal(upTo + 1, report["figures"]!["projected"]!.GetValue<double>());
    }

    [Fact]
    public void Project_LayerThatAlignmentLeft_IsSkippedAndToldAndNotCounted()
    {
        (TinyModel aligned, TinyModel before) = Pair(new TinyShape());
        aligned.Weights[Paths[2] + ".weight"].Values.CopyTo(before.Weights[Paths[2] + ".weight"].Values, 0);
        AdapterFolder adapter = Adapter(aligned);
        Set(adapter, Paths[3], "B", new float[adapter.Tensors[$"base_model.model.{Paths[3]}.lora_B.weight"].Values.Length]);
        var (b, _, report) = Run(new SafeLoraAlgorithm { Options = new() { Number = 99 } }, aligned, before, adapter);

        Assert.Equal(2, report["figures"]!["projected"]!.GetValue<double>());
        Assert.Equal(B(adapter, Paths[2]), b[Paths[2]]);
        Assert.All(b.Values, values => Assert.All(values, x => Assert.True(float.IsFinite(x))));
        Assert.Contains("alignment did not change this layer", Skipped(report, Paths[2]), StringComparison.Ordinal);
        Assert.Contains("the update is zero", Skipped(report, Paths[3]), StringComparison.Ordinal);
        Assert.Equal("", Skipped(report, Paths[0]));
    }

    [Fact]
    public void Project_Exactly_IsTheIdentityAtFullRankAndKeepsTheSpanBelowIt()
    {
        (TinyModel aligned, TinyModel before) = Pair(new TinyShape());
        AdapterFolder adapter = Adapter(aligned);

        // v_proj is [12, 12] and of full rank; of the others V has but one column, u.
        float[] u = [.. Enumerable.Range(0, 12).Select(i => (float)Math.Sin(i + 1))];
        float[] w = aligned.Weights[Paths[2] + ".weight"].Values, old = before.Weights[Paths[2] + ".weight"].Values;
        for (int i = 0; i < w.Length; i++)
        {
            old[i] = 0;
            w[i] = i % 20 == 3 ? u[i / 20] : 0;
        }

        var (b, _, report) = Run(
            new SafeLoraAlgorithm { Options = new() { Mode = ProjectionMode.Threshold, Threshold = 1, Projector = AlignmentProjector.Exact } }, aligned, before, adapter);
        Assert.All(B(adapter, Paths[0]).Zip(b[Paths[0]]), p => Assert.Equal(p.First, p.Second, 1e-5f));
        Assert.Equal(1, Figure(report, Paths[0], "cosine"), 1e-5);

        float[] before2 = B(adapter, Paths[2]);
        double squared = u.Sum(x => (double)x * x);
        for (int r = 0; r < 2; r++)
        {
            double along = Enumerable.Range(0, 12).Sum(i => (double)u[i] * before2[(i * 2) + r]) / squared;
            for (int i = 0; i < 12; i++)
            {
                Assert.Equal(along * u[i], b[Paths[2]][(i * 2) + r], 1e-5);
            }
        }
    }

    [Fact]
    public void Project_AlignmentTwiceAsFar_DoublesTheUpdateAndKeepsTheCosine()
    {
        (TinyModel aligned, TinyModel before) = Pair(new TinyShape());
        AdapterFolder adapter = Adapter(aligned);
        SafeLoraOptions all = new() { Mode = ProjectionMode.Threshold, Threshold = 1 };
        var (once, _, first) = Run(new SafeLoraAlgorithm { Options = all }, aligned, before, adapter);
        foreach (string path in Paths)
        {
            float[] weight = aligned.Weights[path + ".weight"].Values, old = before.Weights[path + ".weight"].Values;
            for (int i = 0; i < weight.Length; i++)
            {
                weight[i] = old[i] + (2 * (weight[i] - old[i]));
            }
        }

        var (twice, _, second) = Run(new SafeLoraAlgorithm { Options = all }, aligned, before, adapter);
        foreach (string path in Paths)
        {
            Assert.All(once[path].Zip(twice[path]), p => Assert.Equal(2 * p.First, p.Second, 1e-4f));
            Assert.Equal(Figure(first, path, "cosine"), Figure(second, path, "cosine"), 1e-5);
        }
    }

    [Fact]
    public void Project_ModelWithAMerge_MeasuresFromTheMergedWeights()
    {
        (TinyModel aligned, TinyModel before) = Pair(new TinyShape());
        AdapterFolder adapter = Adapter(aligned), stage = Adapter(aligned, "\"r\": 2, \"lora_alpha\": 3");
        SafeLoraOptions all = new() { Mode = ProjectionMode.Threshold, Threshold = 1 };
        var (over, _, _) = Run(new SafeLoraAlgorithm { Options = all }, aligned, before, adapter, stage);
        foreach (string path in Paths)
        {
            stage.Merge(aligned, path, 1.5);
        }

        var (byHand, _, _) = Run(new SafeLoraAlgorithm { Options = all }, aligned, before, adapter);
        Assert.All(Paths, path => Assert.All(byHand[path].Zip(over[path]), p => Assert.Equal(p.First, p.Second, 1e-5f)));
    }

    [Fact]
    public void Scale_TheSameLayers_GetTheSizeOfTheProjectionAndKeepTheirDirection()
    {
        (TinyModel aligned, TinyModel before) = Pair(new TinyShape());
        AdapterFolder adapter = Adapter(aligned);
        var (projected, _, first) = Run(new SafeLoraAlgorithm { Options = new() { Number = 2 } }, aligned, before, adapter);
        var (scaled, _, second) = Run(new ScaleLoraAlgorithm { Options = new() { Number = 2 } }, aligned, before, adapter);
        foreach (string path in Paths)
        {
            float[] b = B(adapter, path);
            Assert.Equal(Figure(first, path, "projected"), Figure(second, path, "projected"));
            Assert.Equal(Norm(projected[path]), Norm(scaled[path]), 1e-4);
            Assert.Equal(Norm(b) * Norm(scaled[path]), b.Zip(scaled[path]).Sum(p => (double)p.First * p.Second), 1e-4);
            Assert.Equal(Figure(first, path, "projected") == 0, scaled[path].SequenceEqual(b));
        }
    }

    [Fact]
    public void Run_ArtifactWithoutAnAdapter_IsRefused()
    {
        (TinyModel aligned, TinyModel before) = Pair(new TinyShape());
        using var untouched = new ModelArtifact { Model = aligned.Folder };
        Assert.Contains("no adapter", Assert.Throws<ConfigurationException>(() => WeightTransform.Run(
            new SafeLoraAlgorithm(), untouched, aligned.Folder, [new CompanionDescription(ModelCompanion.Base, before.Folder, "")], null, default)).Message, StringComparison.Ordinal);
    }

    private (TinyModel Aligned, TinyModel Base) Pair(TinyShape shape) => (Keep(new TinyModel(shape)), Keep(new TinyModel(shape with { Seed = shape.Seed + 100 })));

    private AdapterFolder Adapter(TinyModel model, string config = "\"r\": 2, \"lora_alpha\": 4")
    {
        AdapterFolder folder = Keep(AdapterFolder.With(config + ", \"target_modules\": [\"v_proj\", \"down_proj\"]"));
        foreach (string path in Paths)
        {
            folder.Add(model, path, 2);
        }

        return folder;
    }

    private T Keep<T>(T thing)
        where T : IDisposable
    {
        made.Add(thing);
        return thing;
    }

    private static (Dictionary<string, float[]> B, Dictionary<string, float[]> A, JsonObject Report) Run(MethodAlgorithm method, TinyModel aligned, TinyModel before, AdapterFolder adapter, AdapterFolder? merge = null)
    {
        aligned.WriteWeights();
        before.WriteWeights();
        adapter.Write();
        merge?.Write();
        using var start = new ModelArtifact { Model = aligned.Folder, Adapter = PeftAdapter.Load(adapter.Folder), Merges = merge is null ? [] : [PeftAdapter.Load(merge.Folder)] };
        long loaded = LiveTensors.Count();
        (ModelArtifact artifact, JsonObject report) = WeightTransform.Run(method, start, aligned.Folder, [new CompanionDescription(ModelCompanion.Base, before.Folder, "")], null, CancellationToken.None);
        Assert.Equal(loaded + (2 * artifact.Adapter!.Factors.Count), LiveTensors.CountDropped()); // the new factors and nothing else
        using (artifact)
        {
            return (
                artifact.Adapter.Factors.ToDictionary(f => f.Key, f => f.Value.B.data<float>().ToArray()),
                artifact.Adapter.Factors.ToDictionary(f => f.Key, f => f.Value.A.data<float>().ToArray()),
                report);
        }
    }

    private static void Set(AdapterFolder adapter, string path, string part, params float[] values) => values.CopyTo(adapter.Tensors[$"base_model.model.{path}.lora_{part}.weight"].Values, 0);

    private static float[] B(AdapterFolder adapter, string path) => adapter.Tensors[$"base_model.model.{path}.lora_B.weight"].Values;

    private static double Figure(JsonObject report, string path, string name) => report["layers"]!.AsArray().Single(l => l!["path"]!.GetValue<string>() == path)!["figures"]![name]!.GetValue<double>();

    private static string Skipped(JsonObject report, string path) => report["layers"]!.AsArray().Single(l => l!["path"]!.GetValue<string>() == path)!["skipped"]?.GetValue<string>() ?? "";

    private static double Norm(float[] values) => Math.Sqrt(values.Sum(x => (double)x * x));

    private static IEnumerable<double> Flat(double[,] matrix) => matrix.Cast<double>();

    // C = V Vᵀ / ‖V‖ as a whole, and cos(C B A, B A) over whole matrices.
    private static (double[,] Projected, double Cosine) Dense(TinyModel aligned, TinyModel before, AdapterFolder adapter, string path)
    {
        ((long[] shape, float[] w), float[] old) = (aligned.Weights[path + ".weight"], before.Weights[path + ".weight"].Values);
        (int rows, int columns) = ((int)shape[0], (int)shape[1]);
        var v = new double[rows, columns];
        double norm = 0;
        for (int i = 0; i < w.Length; i++)
        {
            v[i / columns, i % columns] = (double)w[i] - old[i];
            norm += Math.Pow((double)w[i] - old[i], 2);
        }

        double[,] b = Matrix(B(adapter, path), rows), a = Matrix(adapter.Tensors[$"base_model.model.{path}.lora_A.weight"].Values, B(adapter, path).Length / rows);
        double[,] projected = Times(Times(v, Transposed(v)), b);
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < b.GetLength(1); j++)
            {
                projected[i, j] /= Math.Sqrt(norm);
            }
        }

        double[] x = [.. Flat(Times(projected, a))], y = [.. Flat(Times(b, a))];
        return (projected, x.Zip(y).Sum(p => p.First * p.Second) / Math.Sqrt(x.Sum(p => p * p) * y.Sum(p => p * p)));
    }

    private static double[,] Matrix(float[] values, int rows)
    {
        var matrix = new double[rows, values.Length / rows];
        for (int i = 0; i < values.Length; i++)
        {
            matrix[i / (values.Length / rows), i % (values.Length / rows)] = values[i];
        }

        return matrix;
    }

    private static double[,] Times(double[,] x, double[,] y)
    {
        var product = new double[x.GetLength(0), y.GetLength(1)];
        for (int i = 0; i < x.GetLength(0); i++)
        {
            for (int j = 0; j < y.GetLength(1); j++)
            {
                product[i, j] = Enumerable.Range(0, x.GetLength(1)).Sum(k => x[i, k] * y[k, j]);
            }
        }

        return product;
    }

    private static double[,] Transposed(double[,] x)
    {
        var turned = new double[x.GetLength(1), x.GetLength(0)];
        for (int i = 0; i < x.GetLength(0); i++)
        {
            for (int j = 0; j < x.GetLength(1); j++)
            {
                turned[j, i] = x[i, j];
            }
        }

        return turned;
    }
}
