namespace SafeTuneBed.Judges;

/// <summary>A request and its answer as a judge may be shown them: the answer cut to a length, both unable to talk to the judge.</summary>
internal sealed class JudgedExchange
{
    private readonly string request;
    private readonly string answer;

    /// <summary>Makes both harmless.</summary>
    /// <param name="request">What was asked.</param>
    /// <param name="answer">What was answered.</param>
    /// <param name="mostCharacters">Characters of the answer at most.</param>
    public JudgedExchange(string request, string answer, int mostCharacters = int.MaxValue)
    {
        (this.request, this.answer) = (request, UntrustedText.Cap(answer, mostCharacters));
        (Request, Answer) = (UntrustedText.Neutralize(request), UntrustedText.Neutralize(this.answer));
    }

    /// <summary>The request, harmless.</summary>
    public string Request { get; }

    /// <summary>The answer, cut and harmless.</summary>
    public string Answer { get; }

    /// <summary>Whether something in them had to be made harmless.</summary>
    public bool IsNeutralized => Request != request || Answer != answer;

    /// <summary>The fence's word, which neither text can foresee.</summary>
    public string Nonce => UntrustedText.Nonce(request, answer);
}
