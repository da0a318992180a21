namespace SafeTuneBed.Running.Conformance;

/// <summary>The checks, one after the other. A check that fails does not hide the others.</summary>
internal sealed class ConformanceBattery(string name, Func<MethodAlgorithm> create, ConformanceBed bed, CancellationToken cancellationToken)
{
    private const int Steps = 12, StopAt = 5;

    private static readonly string[] Names =
        ["loss-falls", "repeats", "stops-and-resumes", "accumulates", "gradients-by-accumulate", "frozen-stand-still", "model-untouched", "no-tensor-left", "own-randomness", "reloads", "needs", "rows"];

    private readonly List<ConformanceCheck> checks = [];

    // Without dropout: for the checks that compare numbers of the whole model.
    private ConformanceRun? plain;

    public async Task<ConformanceReport> RunAsync()
    {
        MethodAlgorithm method = create();
        if (!method.Trains || method.Stage is MethodStage.PostFineTuning or MethodStage.Data)
        {
            string why = method.Trains ? $"the method acts at the stage {method.Stage} and runs no loop of its own" : "the method trains nothing";
            checks.AddRange(Names[..^1].Select(n => new ConformanceCheck(n, ConformanceOutcome.NotApplicable, why)));
            await CheckAsync("rows", Rows).ConfigureAwait(false);
            return new ConformanceReport(name, checks);
        }

        ConformanceRun first;
        try
        {
            first = await RunAsync(new ConformanceRun { Steps = Steps }).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return new ConformanceReport(name, [new ConformanceCheck("runs", ConformanceOutcome.Failed, $"a plain run ended with {e.GetType().Name}: {e.Message}")]);
        }

        await CheckAsync("loss-falls", LossFallsAsync).ConfigureAwait(false);
        await CheckAsync("repeats", async () =>
        {
            ConformanceRun second = await RunAsync(new ConformanceRun { Steps = Steps }).ConfigureAwait(false);
            return first.Values.SequenceEqual(second.Values)
                ? Pass($"two runs of one seed give the same weights, bit for bit")
                : Fail($"two runs of one seed differ by up to {Difference(first.Values, second.Values):g3}. Draw random numbers from step.CreateGenerator(name) alone, and depend on no clock, hash code or order of a set");
        }).ConfigureAwait(false);
        await CheckAsync("stops-and-resumes", () => ResumesAsync(first)).ConfigureAwait(false);
        await CheckAsync("accumulates", AccumulatesAsync).ConfigureAwait(false);
        Check("gradients-by-accumulate", first.GradientsTouched == 0
            ? Pass($"nothing but Accumulate and AccumulateLoss wrote gradients")
            : Fail($"something else than Accumulate and AccumulateLoss wrote the optimizer's gradients, {first.GradientsTouched} times in {Steps} steps. Take extra gradients by step.Gradients(batch, loss) and add them by step.Accumulate(set, scale): only so are they weighted in the window, and left out where parameters are frozen"));
        Check("frozen-stand-still", first.MovedWhileFrozen.Count == 0
            ? Pass($"no frozen parameter moved")
            : Fail($"{string.Join(", ", first.MovedWhileFrozen.Take(3))}{(first.MovedWhileFrozen.Count > 3 ? $" and {first.MovedWhileFrozen.Count - 3} more" : "")} moved although frozen. What SetTrainable freezes must not be written to"));
        Check("model-untouched", first.LeftModelAsItWas
            ? Pass($"the loaded weights are as before, bit for bit")
            : Fail($"the loaded weights were changed. A method may change the trainable parameters alone"));
        await CheckAsync("no-tensor-left", () => NoTensorLeftAsync(first)).ConfigureAwait(false);
        Check("own-randomness", !first.UsedGlobalGenerator
            ? Pass($"torch's global generator was not touched")
            : Fail($"torch's global random generator was used or seeded (torch.rand, randn or manual_seed without a generator). Pass step.CreateGenerator(name): it depends on the run's seed and the micro-step alone and so survives a restart"));
        await CheckAsync("reloads", ReloadsAsync).ConfigureAwait(false);
        await CheckAsync("needs", NeedsAsync).ConfigureAwait(false);
        await CheckAsync("rows", Rows).ConfigureAwait(false);
        return new ConformanceReport(name, checks);
    }

    private async Task<(ConformanceOutcome, string)> LossFallsAsync()
    {
        ConformanceRun run = await PlainAsync().ConfigureAwait(false);
        double before = run.Fed.Average(f => run.FirstLosses[f]), after = run.Fed.Average(f => run.LastLosses[f]);
        string rows = string.Join(" and ", run.Fed.Order(StringComparer.Ordinal));
        return after < before * 0.99
            ? Pass($"the loss on the rows of its steps ({rows}) fell from {before:g4} to {after:g4} in {2 * Steps} steps")
            : Fail($"the loss on the rows of its steps ({rows}) went from {before:g4} to {after:g4} in {2 * Steps} steps. Look at what ComputeGradients accumulates, at its sign, and at penalties that outweigh the loss");
    }

    private async Task<(ConformanceOutcome, string)> ResumesAsync(ConformanceRun whole)
    {
        string path = bed.NewPath();
        ConformanceRun stopped = await RunAsync(new ConformanceRun { Steps = Steps, StopAfter = StopAt, Checkpoint = path }).ConfigureAwait(false);
        if (!stopped.WasStopped || stopped.Reported != StopAt || !File.Exists(path))
        {
            return Fail($"a run that was asked to stop after step {StopAt} made {stopped.Reported} steps and {(File.Exists(path) ? "did not tell that it was stopped" : "left nothing to go on from")}. Pass the cancellation token on, and don't catch OperationCanceledException");
        }

        const string Remedy = "What must outlive a step belongs into step.State, set in OnTrainingStarted or by GetOrAdd: a field of the class does not survive";
        ConformanceRun resumed;
        try
        {
            resumed = await RunAsync(new ConformanceRun { Steps = Steps, Checkpoint = path }).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return Fail($"a run that was stopped after step {StopAt} can't go on in a new instance: {e.GetType().Name}: {e.Message} {Remedy}");
        }

        if (resumed.Resumed is not [StopAt])
        {
            return Fail($"a run that was stopped after step {StopAt} began anew in place of going on.");
        }

        return resumed.Values.SequenceEqual(whole.Values)
            ? Pass($"a run that was stopped after step {StopAt} and went on in a new instance ends with the weights of one that was not, bit for bit")
            : Fail($"a run that was stopped after step {StopAt} and went on in a new instance ends with other weights than one that was not (up to {Difference(resumed.Values, whole.Values):g3}). {Remedy}");
    }

    // The gradients of a window of two, against those of its two micro-steps each alone in a window, from one state and on the same rows.
    private async Task<(ConformanceOutcome, string)> AccumulatesAsync()
    {
        const int At = 3;
        string path = bed.NewPath();
        await RunAsync(new ConformanceRun { Dropout = 0, BatchSize = 3, StopAfter = At, Checkpoint = path, NotesBatches = true }).ConfigureAwait(false);
        ConformanceRun both = await RunAsync(new ConformanceRun { Dropout = 0, BatchSize = 3, Accumulation = 2, StopAfter = At + 1, Checkpoint = bed.Shift(path, 0), NotesBatches = true }).ConfigureAwait(false);
        var expected = new double[both.LastGradients.Length];
        for (int i = 0; i < 2; i++)
        {
            ConformanceRun alone = await RunAsync(new ConformanceRun { Dropout = 0, BatchSize = 3, StopAfter = At + 1, Checkpoint = bed.Shift(path, i), NotesBatches = true, Replay = both.Streams, PartOffset = i }).ConfigureAwait(false);
            double weight = both.Weights[FormattableString.Invariant($"{At} {i}")];
            for (int k = 0; k < expected.Length; k++)
            {
                expected[k] += weight * alone.LastGradients[k];
            }
        }

        double norm = Math.Sqrt(expected.Sum(e => e * e)), off = Math.Sqrt(expected.Zip(both.LastGradients, (e, g) => (e - g) * (e - g)).Sum());
        return off <= 1e-4 * norm
            ? Pass($"the gradients of a window of two are the weighted sum of its micro-steps' (off by {off / Math.Max(norm, 1e-30):g2} of their norm)")
            : Fail($"the gradients of a window of two differ from the weighted sum of its micro-steps' by {off / Math.Max(norm, 1e-30):g3} of their norm. Accumulate weighs by WindowWeight already: don't divide by the window's size, don't clear gradients, and keep nothing of one micro-step for the next of the same window");
    }

    private async Task<(ConformanceOutcome, string)> NoTensorLeftAsync(ConformanceRun run)
    {
        // Other work in the process can hide behind one count: what grows three times is the method's.
        for (int attempt = 0; Grown() >= Steps / 4 && attempt < 2; attempt++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            run = await RunAsync(new ConformanceRun { Steps = Steps }).ConfigureAwait(false);
        }

        long Grown() => run.LiveTensors[^1] - run.LiveTensors[Steps / 2];
        return Grown() < Steps / 4
            ? Pass($"live tensors don't grow ({run.LiveTensors[^1]} at the end)")
            : Fail($"{Grown()} tensors were left in {Steps - 1 - (Steps / 2)} steps. Let the hook's scope free what it makes: don't detach tensors from it or keep them in fields or lists; what must live longer belongs into step.State");
    }

    private async Task<(ConformanceOutcome, string)> ReloadsAsync()
    {
        ConformanceRun run = await PlainAsync().ConfigureAwait(false);
        double scale = run.LiveLogits.Max(Math.Abs), off = Difference(run.LiveLogits, run.ReadLogits);
        return off <= 1e-5 * scale
            ? Pass($"the saved and read artifact gives the live model's logits (off by {off:g2} of {scale:g3})")
            : Fail($"the saved and read artifact gives other logits than the model had at the end of its training (up to {off:g3} of {scale:g3}). Change parameters within the hooks, OnTrainingFinished included, and nothing outside of them");
    }

    private async Task<(ConformanceOutcome, string)> NeedsAsync()
    {
        IReadOnlyList<string> streams = create().Needs.Streams;
        if (streams.Count == 0)
        {
            return Pass($"it asks for no rows beside the user's and got along without");
        }

        var run = new ConformanceRun { Steps = 1, GivesStreams = false };
        try
        {
            await RunAsync(run).ConfigureAwait(false);
        }
        catch (ConfigurationException e) when (run.Reported == 0 && streams.Any(s => e.Message.Contains($"'{s}'", StringComparison.Ordinal)))
        {
            return Pass($"without {string.Join(" and ", streams)} it is refused before its first step");
        }

        return Fail($"it asks for {string.Join(" and ", streams)}, and runs without. Ask in Needs for what is used, and leave TrainAsync to the loop");
    }

    // What a plan calls, by two instances: a plan is made anew by whoever runs the grid, and must find the same rows.
    private Task<(ConformanceOutcome, string)> Rows()
    {
        MethodAlgorithm method = create();
        if (!method.HasRowHooks && !method.HasPromptHook)
        {
            return Task.FromResult((ConformanceOutcome.NotApplicable, "it changes neither rows nor prompts"));
        }

        string[] first = bed.Rows(method), second = bed.Rows(create());
        int differs = Enumerable.Range(0, Math.Max(first.Length, second.Length)).FirstOrDefault(i => first.ElementAtOrDefault(i) != second.ElementAtOrDefault(i), -1);
        return Task.FromResult(differs < 0
            ? Pass($"two instances make the same {first.Length - 1} rows and the same prompt policy")
            : Fail($"two instances make other {(differs == 0 ? "prompt policies" : $"rows (row {differs - 1} is the first)")} of the same data and seed. Draw from context.Uniform(name) and context.RandomText alone, and keep nothing between rows"));
    }

    private async Task<ConformanceRun> PlainAsync() => plain ??= await RunAsync(new ConformanceRun { Steps = 2 * Steps, Dropout = 0, IsMeasured = true }).ConfigureAwait(false);

    private Task<ConformanceRun> RunAsync(ConformanceRun run) => bed.RunAsync(create(), run, cancellationToken);

    private async Task CheckAsync(string check, Func<Task<(ConformanceOutcome, string)>> make)
    {
        try
        {
            Check(check, await make().ConfigureAwait(false));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Check(check, Fail($"a run ended with {e.GetType().Name}: {e.Message}"));
        }
    }

    private void Check(string check, (ConformanceOutcome Outcome, string Reason) found) => checks.Add(new ConformanceCheck(check, found.Outcome, found.Reason));

    private static double Difference(float[] a, float[] b) => a.Length != b.Length ? double.PositiveInfinity : a.Zip(b, (x, y) => Math.Abs((double)x - y)).DefaultIfEmpty(0).Max();

    private static (ConformanceOutcome, string) Pass(FormattableString reason) => (ConformanceOutcome.Passed, FormattableString.Invariant(reason) + ".");

    private static (ConformanceOutcome, string) Fail(FormattableString reason) => (ConformanceOutcome.Failed, FormattableString.Invariant(reason) + ".");
}
