namespace SafeTuneBed.AttackSuccess;

/// <summary>Attack success where the model is made to begin its answer as it would if it complied.</summary>
internal sealed class PrefillAttackEvaluator(PrefillAttackOptions options)
    : AttackSuccessEvaluator(new AttackSuccessOptions { Presets = options.Presets, MaxNewTokens = options.MaxNewTokens, Prefill = options.Prefill })
{
    /// <summary>Registered name.</summary>
    public new const string Name = "prefill-attack";
}
