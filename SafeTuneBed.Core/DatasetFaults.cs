using System.Globalization;

namespace SafeTuneBed;

/// <summary>The rules that a recipe must keep before any file is opened.</summary>
internal static class DatasetFaults
{
    public static IReadOnlyList<string> Find(FinetuneDatasetConfig config)
    {
        var faults = new List<string>();
        void Check(bool fault, FormattableString text)
        {
            if (fault)
            {
                faults.Add(FormattableString.Invariant(text));
            }
        }

        Check(config.Source is null, $"It has no Source.");
        Check(config.Mapping is null, $"It has no Mapping.");
        Check(config.PoisonRatio < 0, $"PoisonRatio is {config.PoisonRatio}; it can't be negative.");
        Check(config.PoisonRatio > 1, $"PoisonRatio is {config.PoisonRatio}; it is a share, at most 1 (5 % is 0.05m).");
        Check(config.Count < 1, $"Count is {config.Count}; it must be at least 1 (null takes every benign row).");
        Check(config.MaxNewTokens < 1, $"MaxNewTokens is {config.MaxNewTokens}; it must be at least 1.");
        Check(HasPoison(config) && config.HarmfulSource is null, $"It asks for poison (ratio {config.PoisonRatio}, mode {config.Mode}) but has no HarmfulSource: name a corpus, such as HarmfulCorpora.BeaverTails, or set PoisonRatio to 0.");
        Check(config.Mode == MixMode.Absolute && config.HarmfulCount is null, $"Mode Absolute needs HarmfulCount.");
        Check(config.Mode == MixMode.Absolute && config.PoisonRatio != 0, $"Mode Absolute counts by HarmfulCount; leave PoisonRatio at 0 (it is {config.PoisonRatio}).");
        Check(config.Mode is not (MixMode.Absolute or MixMode.PureBadMixed) && config.HarmfulCount is not null, $"HarmfulCount is {config.HarmfulCount}, which only the modes Absolute and PureBadMixed read; the mode is {config.Mode}.");
        Check(config.Mode == MixMode.PureBadMixed && config.PoisonRatio != 0, $"Mode PureBadMixed counts by HarmfulCount; leave PoisonRatio at 0 (it is {config.PoisonRatio}).");
        Check(config.GuideCount < 0, $"GuideCount is {config.GuideCount}; it can't be negative.");
        Check(config.GuideCount > 0 && config.GuideSource is null, $"GuideCount is {config.GuideCount}, but there is no GuideSource: name a corpus, such as SafetyCorpora.BeaverTails.");
        Check(config.GuideCount == 0 && config.GuideSource is not null, $"There is a GuideSource, but GuideCount is 0: say how many of its rows are mixed in.");
        Check(config.Scores is { Top: < 1 }, $"Scores takes the top {config.Scores?.Top}; it must be at least 1.");
        Check(config.HarmfulCount < 0, $"HarmfulCount is {config.HarmfulCount}; it can't be negative.");
        Check(config.Mode == MixMode.Absolute && config.HarmfulCount > config.Count, $"HarmfulCount is {config.HarmfulCount}, more than the Count of {config.Count}.");
        Check(config.Mode == MixMode.Add && config.PoisonRatio == 1, $"Mode Add can't reach a PoisonRatio of 1: use a ratio below 1, or the mode PureBad.");
        Check(config.Mode == MixMode.PureBad && config.PoisonRatio is not (0 or 1), $"Mode PureBad has poison only, but PoisonRatio is {config.PoisonRatio}: set it to 1 or use another mode.");
        Check(config.Answer == AnswerRule.Label && config.Labels.Count < 2, $"The answer rule Label needs at least two Labels.");
        Check(config.Labels.Distinct(StringComparer.Ordinal).Count() != config.Labels.Count, $"A label word occurs twice in Labels.");
        Check(
            config.HarmfulSource is { } corpus && corpus.Name == config.TaskName,
            $"Task and harmful corpus have the same name '{config.TaskName}'; rows could not be told apart. Give one of them another name.");
        Check(
            config.GuideSource is { } guide && (guide.Name == config.TaskName || guide.Name == config.HarmfulSource?.Name),
            $"The guide corpus has the name of another corpus of the recipe, '{config.GuideSource?.Name}'; rows could not be told apart. Give one of them another name.");
        AddSource("GuideSource", config.GuideSource?.Source, config.GuideSource?.Mapping);
        AddSource("Source", config.Source, config.Mapping);
        AddSource("Evaluation", config.Evaluation, config.EvaluationMapping ?? config.Mapping);
        AddSource("HarmfulSource", config.HarmfulSource?.Source, config.HarmfulSource?.Mapping);
        return faults;

        void AddSource(string name, DatasetSource? source, RecordMapping? mapping)
        {
            Check(source is { Paths.Count: 0 } || source?.Paths.Any(string.IsNullOrWhiteSpace) == true, $"{name} names no file.");
            Check(
                source is { Format: not DatasetFormat.Memory } && mapping is { Function: null, Output: null },
                $"The mapping of {name} has no output column, so its rows have no answer to learn or to compare with.");
        }
    }

    /// <summary>What is allowed but likely a mistake.</summary>
    public static IEnumerable<string> FindWarnings(FinetuneDatasetConfig config, CountPlan? counts)
    {
        if (!HasPoison(config) && config.HarmfulSource is { } unused)
        {
            yield return $"The harmful source '{unused.Name}' is not used, because no poison is asked for.";
        }

        if (counts is { } plan && config.PoisonRatio > 0 && plan.Harmful == 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"The ratio {config.PoisonRatio} of {plan.Total} rows rounds to no poison at all.");
        }

        if (config.Selection == RowSelection.Head)
        {
            yield return "Rows are the first of each file (Selection Head), whatever the seed: only for comparison with numbers made that way.";
        }

        if (counts is { Benign: 0, Total: > 0 } && config.Mode != MixMode.PureBad && config.PoisonRatio < 1)
        {
            yield return "The set has no benign row, although its ratio is below 1.";
        }
    }

    public static bool HasPoison(FinetuneDatasetConfig config) => config.PoisonRatio > 0 || config.Mode == MixMode.PureBad || (config.Mode == MixMode.PureBadMixed && config.HarmfulCount is null) || config.HarmfulCount > 0;
}
