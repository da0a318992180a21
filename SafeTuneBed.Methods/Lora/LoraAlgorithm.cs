namespace SafeTuneBed.Methods.Lora;

/// <summary>
/// Plain LoRA fine-tuning (Hu et al. 2021, arXiv 2106.09685): the undefended baseline that every defense is measured
/// against. Adapters, loss and loop are the library's defaults, so there is nothing to override.
/// </summary>
public sealed class LoraAlgorithm : MethodAlgorithm
{
}
