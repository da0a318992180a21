using static TorchSharp.torch;

namespace SafeTuneBed.Models;

/// <summary>Answers prompts given as ids: rows of similar length are decoded together, finished ones are replaced by waiting ones, and what many begin with is computed once.</summary>
/// <remarks>Runs synchronously on the calling thread, which must be the decoder's. Adapters in force are applied as they are, unmerged.</remarks>
internal sealed class TokenGenerator(Decoder decoder)
{
    /// <summary>Generates one answer for each prompt, in the prompts' order.</summary>
    /// <param name="prompts">Token ids; those of a prompt that is empty or fills the context give <see cref="FinishReason.Error"/>.</param>
    /// <param name="options">Limits, batch size and sampling. Prompt i draws from stream (seed, its stream id). Stop strings are the caller's, through <paramref name="ends"/>.</param>
    /// <param name="stopIds">Ids that end an answer and are its last.</param>
    /// <param name="completed">Hears each index once, as soon as that answer is there, on this thread.</param>
    /// <param name="cancellationToken">Asked before every token.</param>
    /// <param name="ends">Says whether an answer, given all its ids so far, has come to its end; asked after each token.</param>
    /// <param name="advanced">Hears the index and all ids so far of an answer that goes on, after each token.</param>
    /// <exception cref="ConfigurationException">An option is out of range.</exception>
    /// <exception cref="ModelFormatException">A prompt holds an id that the model does not know.</exception>
    public IReadOnlyList<GeneratedIds> Generate(
        IReadOnlyList<int[]> prompts,
        GenerationOptions options,
        IReadOnlyCollection<int> stopIds,
        Action<int, GeneratedIds>? completed = null,
        CancellationToken cancellationToken = default,
        Func<IReadOnlyList<int>, bool>? ends = null,
        Action<int, IReadOnlyList<int>>? advanced = null)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentNullException.ThrowIfNull(stopIds);
        Check(options);
        if (options.StreamIds is { } streams && streams.Count != prompts.Count)
        {
            throw new ArgumentException($"There are {streams.Count} stream ids for {prompts.Count} prompts.", nameof(options));
        }

        foreach (int[] prompt in prompts)
        {
            decoder.CheckIds(prompt);
        }

        var answers = new GeneratedIds[prompts.Count];
        void Finish(int index, GeneratedIds answer)
        {
            answers[index] = answer;
            completed?.Invoke(index, answer);
        }

        var rows = new List<GenerationRow>();
        for (int i = 0; i < prompts.Count; i++)
        {
            if (prompts[i].Length == 0 || prompts[i].Length >= decoder.Options.ContextLength)
            {
                Finish(i, new GeneratedIds([], FinishReason.Error));
            }
            else
            {
                rows.Add(new GenerationRow(i, prompts[i], options.Seed, options.StreamIds is { } ids ? ids[i] : (ulong)i));
            }
        }

        HashSet<int> stops = [.. stopIds];
        FinishReason? Judge(GenerationRow row)
        {
            FinishReason? reason = stops.Contains(row.NewIds[^1]) || (ends?.Invoke(row.NewIds) ?? false) ? FinishReason.Stop
                : row.NewIds.Count >= options.MaxNewTokens ? FinishReason.Length
                : row.Length >= decoder.Options.ContextLength ? FinishReason.ContextFull
                : null;
            if (reason is null)
            {
                advanced?.Invoke(row.Index, row.NewIds);
            }

            return reason;
        }

        // Where long inputs turn positions otherwise, a row that grows long is computed anew, from its first token on, and among long rows only.
        using var inference = inference_mode();
        int? most = decoder.Options.Rope.SwitchLength;
        List<GenerationRow> longRows = [.. rows.Where(r => r.Length > most)];
        RunAll([.. rows.Where(r => !(r.Length > most))], shares: true, row =>
        {
            if (row.Length > most)
            {
                row.Leave();
                longRows.Add(row);
                return true;
            }

            return false;
        });
        RunAll(longRows, shares: false, _ => false);

        void RunAll(IReadOnlyList<GenerationRow> some, bool shares, Func<GenerationRow, bool> leaves)
        {
            if (some.Count > 0)
            {
                using var batch = new GenerationBatch(decoder, some, options, shares);
                batch.Run(Judge, Finish, cancellationToken, leaves);
            }
        }

        return answers;
    }

    private static void Check(GenerationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var faults = new List<string>();
        void Require(bool holds, string name, object value, string range)
        {
            if (!holds)
            {
                faults.Add(FormattableString.Invariant($"{name} is {value}, needed is {range}"));
            }
        }

        Require(options.MaxNewTokens >= 1, nameof(options.MaxNewTokens), options.MaxNewTokens, "at least 1");
        Require(double.IsFinite(options.Temperature) && options.Temperature >= 0, nameof(options.Temperature), options.Temperature, "0 (greedy) or more");
        Require(options.TopP is > 0 and <= 1, nameof(options.TopP), options.TopP, "above 0 and at most 1");
        Require(options.TopK >= 0, nameof(options.TopK), options.TopK, "0 (all) or more");
        Require(double.IsFinite(options.RepetitionPenalty) && options.RepetitionPenalty > 0, nameof(options.RepetitionPenalty), options.RepetitionPenalty, "above 0 (1 is none)");
        Require(!options.UseModelDefaults, nameof(options.UseModelDefaults), options.UseModelDefaults, "false here: the model's own settings are read where its folder is known");
        Require(options.BatchSize >= 1, nameof(options.BatchSize), options.BatchSize, "at least 1");
        Require(options.StopStrings.All(s => !string.IsNullOrEmpty(s)), nameof(options.StopStrings), "with an empty string", "texts of at least one character");
        if (faults.Count > 0)
        {
            throw new ConfigurationException($"Generation options: {string.Join("; ", faults)}.");
        }
    }
}
