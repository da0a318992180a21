using System.Collections;

namespace SafeTuneBed;

/// <summary>
/// One task under six regimes. With one seed the levels are nested: the poison of a lower level is part of the poison of a higher one, the
/// benign rows of a higher level part of those of a lower one, so that differences between levels are paired.
/// </summary>
public sealed class DatasetFamily : IEnumerable<FinetuneDatasetConfig>
{
    internal DatasetFamily(FinetuneDatasetConfig task, HarmfulCorpus corpus, HarmfulCorpus? pureCorpus = null, int? pureBadCount = CountPlan.DefaultPureBad)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(corpus);
        Benign = task with { Name = task.Name + "-benign", Task = task.TaskName, PoisonRatio = 0, Mode = MixMode.Replace, HarmfulCount = null, HarmfulSource = null };
        LowHarm = Benign with { Name = task.Name + "-low", PoisonRatio = 0.05m, HarmfulSource = corpus };
        MediumHarm = LowHarm with { Name = task.Name + "-medium", PoisonRatio = 0.15m };
        HighHarm = LowHarm with { Name = task.Name + "-high", PoisonRatio = 0.30m };
        PureBad = LowHarm with { Name = task.Name + "-pure-bad", PoisonRatio = 1m, Mode = MixMode.PureBad, Count = pureBadCount, HarmfulSource = pureCorpus ?? corpus };
        PureBadMixed = Benign with { Name = task.Name + "-pure-bad-mixed", Mode = MixMode.PureBadMixed, HarmfulCount = CountPlan.DefaultPureBad, HarmfulSource = pureCorpus ?? corpus };
    }

    /// <summary>No poison.</summary>
    public FinetuneDatasetConfig Benign { get; }

    /// <summary>5 % poison.</summary>
    public FinetuneDatasetConfig LowHarm { get; }

    /// <summary>15 % poison.</summary>
    public FinetuneDatasetConfig MediumHarm { get; }

    /// <summary>30 % poison.</summary>
    public FinetuneDatasetConfig HighHarm { get; }

    /// <summary>Poison only: 100 rows unless the task says otherwise, or all there are when there are fewer.</summary>
    public FinetuneDatasetConfig PureBad { get; }

    /// <summary>All benign rows, and 100 of poison or all there are when there are fewer: the setting of Backdoor-Enhanced Alignment.</summary>
    public FinetuneDatasetConfig PureBadMixed { get; }

    /// <inheritdoc/>
    public IEnumerator<FinetuneDatasetConfig> GetEnumerator()
    {
        yield return Benign;
        yield return LowHarm;
        yield return MediumHarm;
        yield return HighHarm;
        yield return PureBad;
        yield return PureBadMixed;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
