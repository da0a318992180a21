namespace SafeTuneBed.Models;

/// <summary>One prompt on its way to an answer.</summary>
internal sealed class GenerationRow(int index, int[] prompt, ulong seed, ulong streamId)
{
    private SampleStream stream = new(seed, streamId);

    /// <summary>Its place in the call.</summary>
    public int Index { get; } = index;

    /// <summary>Prompt ids.</summary>
    public int[] Prompt { get; } = prompt;

    /// <summary>New ids so far.</summary>
    public List<int> NewIds { get; } = [];

    /// <summary>What its batch computes at once: the prompt, and what was answered before it entered.</summary>
    public int[] Start { get; private set; } = prompt;

    /// <summary>Tokens in all.</summary>
    public int Length => Prompt.Length + NewIds.Count;

    /// <summary>Prepares it for another batch.</summary>
    public void Leave() => Start = [.. Prompt, .. NewIds];

    /// <summary>The next number of the row's own random stream.</summary>
    public double NextUniform() => stream.Next();
}
