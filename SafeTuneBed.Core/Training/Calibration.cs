using SafeTuneBed.Models;
using static TorchSharp.torch;

namespace SafeTuneBed.Training;

/// <summary>A loaded model, without any adapter, and rows to run it on for methods that look at activations after the training.</summary>
/// <param name="decoder">The model, with the adapters of earlier stages merged.</param>
/// <param name="trained">The adapter that is worked on: its rules and the weights that it saved whole.</param>
/// <param name="streams">Rows by stream.</param>
internal sealed class Calibration(Decoder decoder, PeftAdapter? trained, IReadOnlyDictionary<string, IReadOnlyList<TokenizedExample>> streams)
{
    private const int RowsAtATime = 8;

    public IReadOnlyDictionary<string, IReadOnlyList<TokenizedExample>> Streams { get; } = streams;

    /// <summary>One pass over rows.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="factors">The adapter's factors now, by layer path. Copied.</param>
    /// <param name="paths">Layers whose inputs are read; of the model's blocks.</param>
    /// <param name="read">Gets a path and [tokens, in] in f32.</param>
    /// <param name="cancellationToken">Stops it between batches.</param>
    public void Run(
        IReadOnlyList<TokenizedExample> rows,
        IReadOnlyDictionary<string, (Tensor A, Tensor B)> factors,
        IEnumerable<string> paths,
        Action<string, Tensor> read,
        CancellationToken cancellationToken)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var now = new PeftAdapter(trained!.Config, trained.BaseModel, factors, trained.Saved); // the caller's tensors: not disposed here
        using LoraAdapter adapter = LoraAdapter.Load(decoder, now);
        var taps = new SiteTaps(decoder.Sites.Resolve(paths.Select(Site.LinearInput)), (place, x) =>
        {
            using var inner = NewDisposeScope();
            read(place.Path!, x.reshape(-1, x.shape[^1]).to(ScalarType.Float32));
            return x;
        });
        adapter.Attach(decoder);
        try
        {
            foreach (TokenizedExample[] some in rows.Chunk(RowsAtATime))
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var pass = NewDisposeScope();
                using TokenBatch batch = BatchCollator.Collate(some, decoder.Device, packed: true); // one line: nothing is padding
                decoder.Hidden(batch.InputIds, taps: taps, rows: batch.Lengths).Dispose();
            }
        }
        finally
        {
            LoraAdapter.Detach(decoder);
        }
    }
}
