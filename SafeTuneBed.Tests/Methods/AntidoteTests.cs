using SafeTuneBed.Methods.Antidote;
using SafeTuneBed.Models;
using SafeTuneBed.Running;
using SafeTuneBed.Tests.Core.Models;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Training;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Methods;

[Collection(TorchCollection.Name)]
public sealed class AntidoteTests : IDisposable
{
    private static readonly string[] Paths = ["model.layers.0.self_attn.q_proj", "model.layers.0.mlp.down_proj", "model.layers.1.self_attn.q_proj", "model.layers.1.mlp.down_proj"];

    private readonly TinyModel model = new(new TinyShape { Hidden = 12, Layers = 2 });
    private readonly AdapterFolder adapter = AdapterFolder.With("\"r\": 5, \"lora_alpha\": 4, \"target_modules\": [\"q_proj\", \"down_proj\"]");

    public AntidoteTests()
    {
        Array.ForEach(Paths, path => adapter.Add(model, path, 5));
        adapter.Write();
    }

    public void Dispose()
    {
        model.Dispose();
        adapter.Dispose();
    }

    [Theory]
    [InlineData(32, 0.1, 4)]
    [InlineData(10, 0.1, 1)]
    [InlineData(4, 0.1, 1)]
    [InlineData(7, 0, 0)]
    [InlineData(7, 1, 7)]
    public void ZeroedOf_ARow_KeepsTheWholePartOfTheRest(int columns, double density, int zeroed) => Assert.Equal(zeroed, new AntidoteOptions { Density = density }.ZeroedOf(columns));

    // The input of the first q_proj is the norm of the embeddings, written down here in doubles.
    [Fact]
    public void Antidote_FirstLayer_ZeroesTheLargestProductsOfEachRow()
    {
        var squares = new double[12];
        var low = new double[5];
        float[] embedding = model.Weights["model.embed_tokens.weight"].Values, norm = model.Weights["model.layers.0.input_layernorm.weight"].Values, a = Before(Paths[0], "A"), b = Before(Paths[0], "B");
        foreach (int id in Rows.SelectMany(r => r.InputIds))
        {
            double rms = Math.Sqrt(Enumerable.Range(0, 12).Average(j => Math.Pow(embedding[(id * 12) + j], 2)) + 1e-5);
            double[] x = [.. Enumerable.Range(0, 12).Select(j => embedding[(id * 12) + j] / rms * norm[j])];
            for (int j = 0; j < 12; j++)
            {
                squares[j] += x[j] * x[j];
            }

            for (int k = 0; k < 5; k++)
            {
                low[k] += Math.Pow(Enumerable.Range(0, 12).Sum(j => a[(k * 12) + j] * x[j]), 2);
            }
        }

        var after = Run(new AntidoteOptions { Density = 0.25 }, Rows);
        Assert.Equal(Zeroed(a, squares, 3), after[Paths[0]].A);
        Assert.Equal(Zeroed(b, low, 2), after[Paths[0]].B);
        Assert.NotEqual(Zeroed(a, [.. squares.Select(_ => 1.0)], 3), after[Paths[0]].A); // the inputs decide something
    }

    [Fact]
    public void Antidote_LaterBlock_SeesTheBlocksAlreadyWorkedOn()
    {
        var whole = Run(new AntidoteOptions { Density = 0.4 }, Rows);
        var apart = Run(new AntidoteOptions { Density = 0.4, Repropagate = false }, Rows);
        Assert.Equal(whole[Paths[0]], apart[Paths[0]], Same);
        Assert.Equal(whole[Paths[1]], apart[Paths[1]], Same);
        Assert.NotEqual(whole[Paths[3]].A, apart[Paths[3]].A);

        // With the first block worked on beforehand, the second is the same without propagating again.
        foreach (string path in Paths[..2])
        {
            Set(path, "A", whole[path].A);
            Set(path, "B", whole[path].B);
        }

        adapter.Write();
        var second = Run(new AntidoteOptions { Density = 0.4, Repropagate = false }, Rows);
        Assert.Equal(whole[Paths[2]], second[Paths[2]], Same);
        Assert.Equal(whole[Paths[3]], second[Paths[3]], Same);
    }

    [Fact]
    public void Antidote_Ablation_NeedsNoInputsAndDensityZeroChangesNothing()
    {
        var plain = Run(new AntidoteOptions { Density = 0.25, WeighsInputs = false }, Rows);
        Assert.Equal(Zeroed(Before(Paths[2], "A"), [.. Enumerable.Repeat(1.0, 12)], 3), plain[Paths[2]].A);
        Assert.Equal(Before(Paths[1], "B"), Run(new AntidoteOptions { Density = 0 }, Rows)[Paths[1]].B);
        Assert.All(Run(new AntidoteOptions { Density = 1 }, Rows).Values, f => Assert.All(f.A.Concat(f.B), v => Assert.Equal(0, v)));
    }

    [Fact]
    public void ReadInputs_StreamThatWasNotAskedFor_NamesTheNeed()
    {
        using var start = new ModelArtifact { Model = model.Folder, Adapter = PeftAdapter.Load(adapter.Folder) };
        Assert.Contains("MethodNeeds.Stream(\"harmful\")", Assert.Throws<InvalidOperationException>(() =>
            WeightTransform.Run(new AntidoteAlgorithm(), start, model.Folder, [], null, CancellationToken.None)).Message, StringComparison.Ordinal);
    }

    private static TokenizedExample[] Rows => [.. Enumerable.Range(0, 11).Select(i => new TokenizedExample
    {
        RowId = i,
        InputIds = [.. Enumerable.Range(0, 4 + (i % 5)).Select(t => ((7 * i) + (11 * t)) % 37)],
        PromptTokenCount = 2,
    })];

    private static bool Same((float[] A, float[] B) x, (float[] A, float[] B) y) => x.A.SequenceEqual(y.A) && x.B.SequenceEqual(y.B);

    private static float[] Zeroed(float[] weight, double[] squares, int count)
    {
        float[] result = [.. weight];
        int columns = squares.Length;
        for (int row = 0; row < weight.Length / columns; row++)
        {
            foreach (int j in Enumerable.Range(0, columns).OrderByDescending(j => Math.Abs(weight[(row * columns) + j]) * Math.Sqrt(squares[j])).Take(count))
            {
                result[(row * columns) + j] = 0;
            }
        }

        return result;
    }

    private float[] Before(string path, string factor) => adapter.Tensors[$"base_model.model.{path}.lora_{factor}.weight"].Values;

    private void Set(string path, string factor, float[] values) => values.CopyTo(Before(path, factor), 0);

    private Dictionary<string, (float[] A, float[] B)> Run(AntidoteOptions options, TokenizedExample[] rows)
    {
        using Decoder decoder = Decoder.Load(model.Folder, ScalarType.Float32, CPU);
        using var start = new ModelArtifact { Model = model.Folder, Adapter = PeftAdapter.Load(adapter.Folder) };
        var calibration = new Calibration(decoder, start.Adapter, new Dictionary<string, IReadOnlyList<TokenizedExample>> { ["harmful"] = rows });
        ModelArtifact Transform() => WeightTransform.Run(new AntidoteAlgorithm { Options = options }, start, model.Folder, [], calibration, CancellationToken.None).Artifact;
        Transform().Dispose(); // the decoder's table of angles is there from now on
        long live = LiveTensors.Count();
        ModelArtifact artifact = Transform();
        var factors = artifact.Adapter!.Factors.ToDictionary(f => f.Key, f => (f.Value.A.data<float>().ToArray(), f.Value.B.data<float>().ToArray()));
        artifact.Dispose();
        Assert.Equal(live, LiveTensors.Count());
        Assert.All(decoder.Linears, l => Assert.Null(l.Adapter));
        return factors;
    }
}
