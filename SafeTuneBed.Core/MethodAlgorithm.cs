using System.Reflection;
using TorchSharp;

namespace SafeTuneBed;

/// <summary>
/// A fine-tuning method or defense. A subclass overrides the one to three hooks in which it differs from plain LoRA; everything else
/// (adapters, batches, optimizer, schedule, saving) is the loop's. An instance is made per run.
/// </summary>
/// <remarks>
/// Hooks run on the run's compute thread inside a dispose scope: tensors made in a hook are freed when it returns.
/// What must live longer goes into <see cref="TrainingStep.State"/>, which alone survives a restart; a field of the class does not.
/// </remarks>
public abstract class MethodAlgorithm
{
    /// <summary>Where the method acts. Default: the fine-tuning itself.</summary>
    public virtual MethodStage Stage => MethodStage.FineTuning;

    /// <summary>What it asks for, checked before any weight is loaded.</summary>
    public virtual MethodNeeds Needs => MethodNeeds.None;

    /// <summary>Raise it when the method's results change: part of the training fingerprint.</summary>
    public virtual int Version => 1;

    /// <summary>False for a control that leaves the model as it is: a grid then runs one seed of it.</summary>
    public virtual bool Trains => true;

    /// <summary>
    /// Registered name of the method's own control, of the same stage: one that spends as much without the method's idea, which the method must beat. Reports compare the two
    /// wherever a grid has both. A name that is not registered is an error when the bed is made. Null (default) names none.
    /// </summary>
    public virtual string? Control => null;

    /// <summary>
    /// Which weights the fine-tuning changes: adapters, or every weight. With every weight the hooks are the same; parameters have the names of the model's weights, and
    /// <see cref="ParameterSet.SetTrainable"/> leaves some of them out.
    /// </summary>
    public virtual TrainableWeights Trainable => TrainableWeights.Adapters;

    /// <summary>The whole run. Default: attach adapters, run the loop with this class's hooks, return the artifact.</summary>
    public virtual Task<ModelArtifact> TrainAsync(TrainingContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.RunLoopAsync(CreateHooks(), cancellationToken);
    }

    /// <summary>
    /// Changes the rows before they become tokens: edits, leaves out, adds. Called when a grid is planned, with the user's rows for methods of the stages
    /// <see cref="MethodStage.Data"/> and <see cref="MethodStage.FineTuning"/>, with those of the stream <c>align</c> for <see cref="MethodStage.Alignment"/>; it must give the
    /// same rows each time. Rows that are added keep their role. Default: as they are.
    /// </summary>
    protected virtual IEnumerable<FinetuneExample> TransformExamples(IEnumerable<FinetuneExample> examples, DataContext context) => examples;

    /// <summary>
    /// Changes a row once it is tokens: what counts tokens, or moves the border between what is given and what is learned (<see cref="TokenizedExample.PromptTokenCount"/>). Called
    /// when a grid is planned, for the same rows behind <see cref="TransformExamples"/>; it must give the same tokens each time. The row keeps its id, role and record; one
    /// that became longer than the longest allowed is left out, and told. Default: as it is.
    /// </summary>
    protected virtual TokenizedExample TransformTokens(TokenizedExample example, DataContext context) => example;

    /// <summary>
    /// What is put around every conversation of the trained model, and around the rows in training. For methods of the stages <see cref="MethodStage.Data"/> and
    /// <see cref="MethodStage.FineTuning"/>; one method of a pipeline may set it. Default: nothing.
    /// </summary>
    protected virtual PromptPolicy? CreatePromptPolicy(DataContext context) => null;

    /// <summary>
    /// The model is loaded, and adapters are not yet attached: where they go can still be decided (<see cref="ModelContext.Lora"/>), by what the untouched model says to some rows.
    /// Called at each start of a run, also when it goes on after a restart: it must decide the same each time. The model's weights stay as they are. Default: nothing.
    /// </summary>
    protected virtual void PrepareModel(ModelContext context)
    {
    }

    /// <summary>
    /// Before the first step; adapters are attached. Not called when a run goes on after a restart: what it put into <see cref="TrainingContext.State"/> and did to the
    /// parameters is there again, and fields of the class are not.
    /// </summary>
    protected virtual void OnTrainingStarted(TrainingContext context)
    {
    }

    /// <summary>
    /// Which rows feed a micro-step. Called once for each micro-step of a window, in order, before the first of them runs, so that the window's weights are
    /// known: what a micro-step must know of this decision later it reads from <see cref="TrainingStep.Plan"/>. Default: the user's next batch.
    /// </summary>
    protected virtual BatchPlan PlanBatch(TrainingStep step) => BatchPlan.User;

    /// <summary>The scalar loss of a batch. Default: mean cross-entropy over the supervised tokens.</summary>
    protected virtual torch.Tensor ComputeLoss(TrainingStep step, TokenBatch batch, ModelOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        return output.CrossEntropy();
    }

    /// <summary>Fills the gradients of one micro-step. Default: forward, <see cref="ComputeLoss"/>, backward.</summary>
    protected virtual void ComputeGradients(TrainingStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        step.AccumulateLoss(step.Batch);
    }

    /// <summary>All micro-steps of the window are done; before clipping.</summary>
    protected virtual void OnGradientsReady(TrainingStep step)
    {
    }

    /// <summary>The optimizer has changed the parameters.</summary>
    protected virtual void OnOptimizerStepped(TrainingStep step)
    {
    }

    /// <summary>After the last step; parameters may still be changed.</summary>
    protected virtual void OnTrainingFinished(TrainingContext context)
    {
    }

    /// <summary>
    /// Works on the adapter after the user's fine-tuning, layer by layer, beside the weights of the model and of its companions: for methods of the stage
    /// <see cref="MethodStage.PostFineTuning"/>, of which the loop calls nothing. Default: leaves it as it is.
    /// </summary>
    protected virtual void TransformWeights(WeightTransformContext context)
    {
    }

    /// <summary>Whether the class says anything about rows.</summary>
    internal bool HasRowHooks => Overrides(nameof(TransformExamples)) || HasTokenHook;

    /// <summary>Whether the class says anything about rows as tokens.</summary>
    internal bool HasTokenHook => Overrides(nameof(TransformTokens));

    /// <summary>Whether the class says anything about prompts.</summary>
    internal bool HasPromptHook => Overrides(nameof(CreatePromptPolicy));

    /// <summary>What the planner calls.</summary>
    internal IEnumerable<FinetuneExample> RunTransformExamples(IEnumerable<FinetuneExample> examples, DataContext context) => TransformExamples(examples, context);

    /// <summary>What the planner calls.</summary>
    /// <exception cref="InvalidOperationException">What the hook gave is no row.</exception>
    internal TokenizedExample RunTransformTokens(TokenizedExample example, DataContext context)
    {
        TokenizedExample row = TransformTokens(example, context)
            ?? throw new InvalidOperationException($"{GetType().Name}.{nameof(TransformTokens)} gave nothing for row {example.RowId}. Rows are left out in {nameof(TransformExamples)}.");
        return row.PromptTokenCount >= 1 && row.PromptTokenCount < row.InputIds.Length && row.InputIds.All(id => id >= 0)
            ? row with { RowId = example.RowId, Role = example.Role, RecordId = example.RecordId }
            : throw new InvalidOperationException(FormattableString.Invariant(
                $"{GetType().Name}.{nameof(TransformTokens)} gave a row of {row.InputIds.Length} tokens, {row.PromptTokenCount} of them the prompt's. A row needs one prompt token or more, one behind the prompt or more, and no negative id."));
    }

    /// <summary>What the planner calls.</summary>
    internal PromptPolicy? RunCreatePromptPolicy(DataContext context) => CreatePromptPolicy(context);

    /// <summary>What the engine calls after the fine-tuning.</summary>
    internal void RunTransform(WeightTransformContext context) => TransformWeights(context);

    /// <summary>What the loop calls.</summary>
    internal Training.ITrainingHooks CreateHooks() => new MethodHooks(this);

    // By the slot and not by the name: a class may have a method of the same name with other parameters.
    private bool Overrides(string hook)
    {
        const BindingFlags Own = BindingFlags.Instance | BindingFlags.NonPublic;
        MethodInfo slot = typeof(MethodAlgorithm).GetMethod(hook, Own)!;
        return GetType().GetMethods(Own).Any(m => m.GetBaseDefinition() == slot && m.DeclaringType != typeof(MethodAlgorithm));
    }

    /// <summary>The loop's view of a method; keeps the hooks protected.</summary>
    private sealed class MethodHooks(MethodAlgorithm method) : Training.ITrainingHooks
    {
        public MethodNeeds Needs => method.Needs;

        public TrainableWeights Trainable => method.Trainable;

        public void PrepareModel(ModelContext context) => method.PrepareModel(context);

        public void OnTrainingStarted(TrainingContext context) => method.OnTrainingStarted(context);

        public BatchPlan PlanBatch(TrainingStep step) => method.PlanBatch(step);

        public torch.Tensor ComputeLoss(TrainingStep step, TokenBatch batch, ModelOutput output) => method.ComputeLoss(step, batch, output);

        public void ComputeGradients(TrainingStep step) => method.ComputeGradients(step);

        public void OnGradientsReady(TrainingStep step) => method.OnGradientsReady(step);

        public void OnOptimizerStepped(TrainingStep step) => method.OnOptimizerStepped(step);

        public void OnTrainingFinished(TrainingContext context) => method.OnTrainingFinished(context);
    }
}

/// <summary>A method with settings.</summary>
public abstract class MethodAlgorithm<TOptions> : MethodAlgorithm
    where TOptions : MethodOptions, new()
{
    /// <summary>The settings of this run.</summary>
    public TOptions Options { get; internal set; } = new();
}
