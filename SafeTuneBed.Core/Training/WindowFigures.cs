using static TorchSharp.torch;

namespace SafeTuneBed.Training;

/// <summary>
/// What is logged of one optimizer step. A micro-step's loss is the method's own loss of its batch when it is formed first, else the first loss of that batch of any
/// kind, counted once however often the batch is passed; a batch's tokens count once by role.
/// </summary>
internal sealed class WindowFigures
{
    private readonly Dictionary<string, double> logged = new(StringComparer.Ordinal);
    private readonly Dictionary<ExampleRole, (double Sum, int Count)> roles = [];
    private readonly HashSet<TokenBatch> counted = [];
    private double? own;
    private double? other;

    /// <summary>The weighted loss of the window; not a number where a micro-step formed no loss of its batch.</summary>
    public double Loss { get; private set; }

    public IReadOnlyDictionary<ExampleRole, double> LossByRole => roles.ToDictionary(r => r.Key, r => r.Value.Sum / r.Value.Count);

    public IReadOnlyDictionary<string, double> Logged => new Dictionary<string, double>(logged);

    public void Begin()
    {
        (Loss, own, other) = (0, null, null);
        logged.Clear();
        roles.Clear();
        counted.Clear();
    }

    public void Log(string name, double value) => logged[name] = value;

    public void Count(TrainingStep step, TokenBatch batch, Tensor loss, ModelOutput output, bool isOwn)
    {
        if (!step.CountsLoss)
        {
            return;
        }

        if (ReferenceEquals(batch, step.Batch) && (isOwn ? own : other) is null)
        {
            using Tensor f32 = loss.to(ScalarType.Float32);
            double value = f32.item<float>();
            own = isOwn ? value : own;
            other = isOwn ? other : value;
        }

        if (output.TokenLosses is { } losses && counted.Add(batch))
        {
            using var scope = NewDisposeScope();
            float[] values = losses.detach().cpu().data<float>().ToArray();
            for (int i = 0; i < values.Length; i++)
            {
                ExampleRole role = batch.Roles[batch.TargetRows[i]];
                (double sum, int count) = roles.GetValueOrDefault(role);
                roles[role] = (sum + values[i], count + 1);
            }
        }
    }

    /// <summary>The micro-step is done.</summary>
    public void End(TrainingStep step)
    {
        Loss += step.WindowWeight * (own ?? other ?? double.NaN);
        (own, other) = (null, null);
    }
}
