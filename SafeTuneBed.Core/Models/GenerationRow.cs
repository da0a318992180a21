namespace SafeTuneBed.Models;

/// <summary>One prompt on its way to an answer.</summary>
internal sealed class GenerationRow(int index, int[] prompt, ulong seed, ulong streamId)
{
    private SampleStream stream = new(seed, streamId);
    private HashSet<int>? seen;

    /// <summary>Its place in the call.</summary>
    public int Index { get; } = index;

    /// <summary>Prompt ids.</summary>
    public int[] Prompt { get; } = prompt;

    /// <summary>What its batch computes at once: the prompt, and what was answered before it entered.</summary>
    public int[] Start { get; private set; } = prompt;

    /// <summary>New ids so far.</summary>
    public List<int> NewIds { get; } = [];

    /// <summary>Tokens in all.</summary>
    public int Length => Prompt.Length + NewIds.Count;

    /// <summary>The ids of prompt and answer so far, each once; for penalties on repetition.</summary>
    public IReadOnlyCollection<int> Seen => seen ??= [.. Prompt, .. NewIds];

    /// <summary>Prepares it for another batch.</summary>
    public void Leave() => Start = [.. Prompt, .. NewIds];

    /// <summary>Takes the next token.</summary>
    public void Add(int id)
    {
        NewIds.Add(id);
        seen?.Add(id);
    }

    /// <summary>The next number of the row's own random stream.</summary>
    public double NextUniform() => stream.Next();
}
