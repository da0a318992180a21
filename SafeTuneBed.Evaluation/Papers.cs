using SafeTuneBed.Publications;

namespace SafeTuneBed;

/// <summary>Papers whose experiments run from a file.</summary>
public static class Papers
{
    /// <summary>
    /// SafeTuneBed (arXiv 2506.00676, 2025): LoRA, LISA, Vaccine and SafeLoRA on Llama-2-7b-chat, on clean data and under 5 and 30 % of poison from BeaverTails; attack success by keywords,
    /// MMLU and MT-Bench by the paper's own protocols. SST-2, the task of its first three experiments; <see cref="Paper.OnTasks"/> takes others. Its model is looked for in the
    /// working folder: give yours with <see cref="Paper.On"/>.
    /// </summary>
    public static Paper SafeTuneBed2025 { get; } = SafeTuneBedPaper.Create();
}
