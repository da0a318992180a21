using SafeTuneBed.Training;
using TorchSharp;

namespace SafeTuneBed;

/// <summary>One micro-step, as a method sees it. Several micro-steps make an optimizer step when gradients are accumulated.</summary>
public sealed class TrainingStep
{
    private readonly TrainingSession session;
    private BatchPlan? plan;
    private TokenBatch? batch;
    private double? windowWeight;

    internal TrainingStep(TrainingSession session) => this.session = session;

    /// <summary>What <see cref="MethodAlgorithm.PlanBatch"/> decided for this micro-step.</summary>
    /// <exception cref="InvalidOperationException">It is being decided.</exception>
    public BatchPlan Plan => plan ?? throw Undecided(nameof(Plan));

    /// <summary>The rows of this micro-step: the user's, or those of the stream that <see cref="Plan"/> names.</summary>
    /// <exception cref="InvalidOperationException">It is being decided.</exception>
    public TokenBatch Batch => batch ?? throw Undecided(nameof(Batch));

    /// <summary>
    /// This micro-step's weight in its window; the weights of a window sum to 1. By label tokens: its supervised tokens over the window's; equally: 1 over the
    /// window's micro-steps. 1 in <see cref="MethodAlgorithm.OnGradientsReady"/> and <see cref="MethodAlgorithm.OnOptimizerStepped"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">The window's batches are being decided.</exception>
    public double WindowWeight => windowWeight ?? throw Undecided(nameof(WindowWeight));

    /// <summary>Optimizer steps made so far.</summary>
    public int OptimizerStep { get; internal init; }

    /// <summary>Micro-steps made so far.</summary>
    public int MicroStep { get; internal init; }

    /// <summary>Optimizer steps in all.</summary>
    public int TotalSteps { get; internal init; }

    /// <summary>Micro-steps in all.</summary>
    public int TotalMicroSteps { get; internal init; }

    /// <summary>Micro-steps of this window: <see cref="TrainingConfig.AccumulationSteps"/>, or fewer at the end of an epoch.</summary>
    public int WindowSize { get; internal init; } = 1;

    /// <summary>This micro-step's place in its window, from 0.</summary>
    public int WindowIndex { get; internal init; }

    /// <summary>Share of the run that is done, 0 to 1.</summary>
    public double Progress => (double)OptimizerStep / Math.Max(1, TotalSteps);

    /// <summary>What outlives a step.</summary>
    public TrainingState State => session.State;

    /// <summary>The trainable parameters.</summary>
    public ParameterSet Parameters => session.Parameters;

    /// <summary>Whether losses of <see cref="Batch"/> are this micro-step's share of the logged loss.</summary>
    internal bool CountsLoss { get; init; }

    /// <summary>A stream that <see cref="MethodAlgorithm.Needs"/> asked for.</summary>
    /// <exception cref="InvalidOperationException">It was not asked for.</exception>
    public TrainingStream Stream(string name) => session.Stream(name);

    /// <summary>
    /// One forward pass, with graph and dropout unless gradients are switched off. A batch has dropout masks of its own, which are the same in every pass over it: looking at a batch
    /// changes nothing, and gradients of one batch at two places differ by the places alone.
    /// </summary>
    /// <param name="batch">The rows.</param>
    /// <param name="taps">Tensors to be added at some places, made for this batch; null for none.</param>
    /// <param name="read">Places whose activations the output tells (<see cref="ModelOutput.Activations"/>); null for none.</param>
    /// <exception cref="ConfigurationException">The model has no such place; the message says what it has.</exception>
    public ModelOutput Forward(TokenBatch batch, ActivationSet? taps = null, IEnumerable<Site>? read = null) => session.Forward(batch, taps, read);

    /// <summary>
    /// What passes at some places, without graph and without dropout: values to look at. For a term of a loss, which needs a graph, name the places to <see cref="Forward"/>,
    /// <see cref="Gradients"/> or <see cref="AccumulateLoss"/>. f32, one tensor for each place; what is at padding means nothing. They are freed with the hook.
    /// </summary>
    /// <param name="sites">The places, such as <c>[Site.BlockOutput]</c>; all but <see cref="Site.Logits"/>.</param>
    /// <param name="batch">The rows.</param>
    /// <exception cref="ConfigurationException">The model has no such place; the message says what it has.</exception>
    public ActivationSet Activations(IEnumerable<Site> sites, TokenBatch batch)
    {
        using var noGrad = torch.no_grad();
        return session.Forward(batch, null, sites).Activations;
    }

    /// <summary>Logits of hidden states, [..., D] to [..., V] in f32, with graph: what the model's output head makes of another layer's states once they are normed, or of states of one's own.</summary>
    public torch.Tensor Head(torch.Tensor hidden) => session.Head(hidden);

    /// <summary>
    /// The gradients of a loss, apart from the optimizer's, which stay as they are. They are freed with the hook; put them into <see cref="State"/> to keep them.
    /// </summary>
    /// <param name="batch">The rows.</param>
    /// <param name="loss">A scalar of batch and output; null takes the method's own <see cref="MethodAlgorithm.ComputeLoss"/>.</param>
    /// <param name="taps">Constant tensors to be added at some places, made for this batch; null for none.</param>
    /// <param name="read">Places whose activations the loss reads (<see cref="ModelOutput.Activations"/>); null for none.</param>
    public GradientSet Gradients(TokenBatch batch, Func<TokenBatch, ModelOutput, torch.Tensor>? loss = null, ActivationSet? taps = null, IEnumerable<Site>? read = null) =>
        session.Gradients(this, batch, loss, taps, read);

    /// <summary>
    /// The gradients of a loss with respect to activations, at the parameters as they are; what follows a place is included, later places too. No gradient of a parameter
    /// is formed. In f32, one tensor for each place. They are freed with the hook.
    /// </summary>
    /// <param name="sites">The places, such as <c>[Site.AttentionOutput]</c>.</param>
    /// <param name="batch">The rows.</param>
    /// <param name="loss">A scalar of batch and output; null takes the method's own <see cref="MethodAlgorithm.ComputeLoss"/>.</param>
    /// <exception cref="ConfigurationException">The model has no such place; the message says what it has.</exception>
    public ActivationSet ActivationGradients(IEnumerable<Site> sites, TokenBatch batch, Func<TokenBatch, ModelOutput, torch.Tensor>? loss = null) =>
        session.ActivationGradients(this, sites, batch, loss);

    /// <summary>
    /// Independent normal numbers in the shape of activations. They depend on the run's seed, the name, the micro-step and the place alone, so they are the same when asked
    /// for again, and after a restart.
    /// </summary>
    /// <param name="sites">The places.</param>
    /// <param name="batch">The rows.</param>
    /// <param name="deviation">Standard deviation, 0 or more.</param>
    /// <param name="name">Name of the random stream.</param>
    /// <exception cref="ConfigurationException">The model has no such place; the message says what it has.</exception>
    public ActivationSet ActivationNoise(IEnumerable<Site> sites, TokenBatch batch, double deviation, string name = "noise")
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return session.Activations.Noise(sites, batch, deviation, session.Seeds["method"][name][MicroStep]);
    }

    /// <summary>One pass of the model as it was before this training, without graph and without dropout. A shift does not reach it.</summary>
    /// <param name="batch">The rows.</param>
    /// <param name="read">Places whose activations the output tells (<see cref="ModelOutput.Activations"/>); null for none.</param>
    /// <exception cref="InvalidOperationException">The method did not ask for <see cref="MethodNeeds.Reference"/>.</exception>
    public ModelOutput Reference(TokenBatch batch, IEnumerable<Site>? read = null) => session.Reference.Forward(batch, read);

    /// <summary>
    /// A loss for <see cref="Gradients"/>: the mean over the batch's supervised tokens of KL(reference || model) over the vocabulary, a scalar with graph; exactly 0, with
    /// gradient 0, where the two agree.
    /// </summary>
    /// <exception cref="InvalidOperationException">The method did not ask for <see cref="MethodNeeds.Reference"/>.</exception>
    public torch.Tensor KlToReference(TokenBatch batch, ModelOutput output) => session.Reference.Divergence(batch, output);

    /// <summary>
    /// The reference's log-probability of each supervised token, [N] f32, without graph. When a row of the user's set or of a stream is first asked for, the whole set is
    /// computed, once in a run; rows of <see cref="TrainingContext.CreateBatch"/> that are in no set are computed each time.
    /// </summary>
    /// <exception cref="InvalidOperationException">The method did not ask for <see cref="MethodNeeds.Reference"/>.</exception>
    public torch.Tensor ReferenceLogProbabilities(TokenBatch batch) => session.Reference.LogProbabilities(batch);

    /// <summary>Adds scale * <see cref="WindowWeight"/> * gradients to the optimizer's, frozen parameters left out.</summary>
    public void Accumulate(GradientSet gradients, double scale = 1) => session.Accumulate(gradients, scale * WindowWeight);

    /// <summary>
    /// Forward, the method's loss, backward: adds the loss's gradients, weighted by <see cref="WindowWeight"/>, to the optimizer's. The same as accumulating
    /// <see cref="Gradients"/> of the batch, without a buffer between.
    /// </summary>
    /// <param name="batch">The rows.</param>
    /// <param name="taps">Constant tensors to be added at some places, made for this batch; null for none.</param>
    /// <param name="read">Places whose activations the loss reads (<see cref="ModelOutput.Activations"/>); null for none.</param>
    public void AccumulateLoss(TokenBatch batch, ActivationSet? taps = null, IEnumerable<Site>? read = null) => session.AccumulateLoss(this, batch, taps, read);

    /// <summary>
    /// Adds scale * direction to the parameters until the result is disposed; they then are as they were, to the bit. Shifts may be nested; disposing an outer one
    /// ends the inner ones with it. Forward and backward must lie within the same shift.
    /// </summary>
    public IDisposable Shift(GradientSet direction, double scale = 1) => session.Shift(direction, scale);

    /// <summary>A generator of random numbers on the CPU that depends on the run's seed, the name and the micro-step alone, and so is the same after a restart. The caller disposes it.</summary>
    public torch.Generator CreateGenerator(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return session.Seeds["method"][name][MicroStep].CreateGenerator();
    }

    /// <summary>Logs a number of this optimizer step into the training log; the last one of a name counts.</summary>
    public void Log(string name, double value) => session.Figures.Log(name, value);

    internal void Decide(BatchPlan decided, TokenBatch rows) => (plan, batch) = (decided, rows);

    internal void Weigh(double weight) => windowWeight = weight;

    private static InvalidOperationException Undecided(string member) =>
        new($"{member} is not known while PlanBatch decides it: what feeds a micro-step is what PlanBatch returns. Use State, Parameters and the counters there.");
}
