namespace SafeTuneBed.Models;

/// <summary>An answer's text in pieces as its ids come: no piece is ever taken back, and together they are the whole text.</summary>
internal sealed class AnswerStream(AnswerText text)
{
    private string sent = "";

    /// <summary>What may be shown after one more id; often nothing.</summary>
    public string Advance(IReadOnlyList<int> ids) => Rest(text.Settled(ids));

    /// <summary>What is left of the finished text.</summary>
    public string Finish(string whole) => Rest(whole);

    private string Rest(string known)
    {
        if (known.Length <= sent.Length || !known.StartsWith(sent, StringComparison.Ordinal))
        {
            return "";
        }

        string piece = known[sent.Length..];
        sent = known;
        return piece;
    }
}
