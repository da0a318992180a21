using SafeTuneBed.Text;

namespace SafeTuneBed.Models;

/// <summary>A part of a request that fits into the model's context.</summary>
/// <param name="Request">Which request.</param>
/// <param name="Context">At least one token.</param>
/// <param name="Continuation">The tokens that this part scores.</param>
/// <param name="DroppedTokens">Tokens of the text that found no place.</param>
internal readonly record struct PlainTextWindow(int Request, int[] Context, int[] Continuation, int DroppedTokens);

/// <summary>Plain text as ids, without any template: how language models are compared by benchmarks.</summary>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="contextLength">Tokens that the model reads at most; one more can be predicted.</param>
internal sealed class PlainText(ModelTokenizer tokenizer, int contextLength)
{
    private readonly int? bos = tokenizer.AddsBos ? tokenizer.BosId : null;

    /// <summary>The ids of a text, with one beginning-of-text id where the tokenizer adds one.</summary>
    public int[] Encode(string text)
    {
        int[] ids = tokenizer.Encode(text);
        return bos is { } first ? [first, .. ids] : ids;
    }

    /// <summary>Text and continuation of each request as ids, in as many windows as the continuation needs.</summary>
    /// <exception cref="SafeTuneBedException">A text is empty, and the tokenizer has no token to begin with.</exception>
    public IReadOnlyList<PlainTextWindow> Split(IReadOnlyList<(string Text, string Continuation)> requests)
    {
        var windows = new List<PlainTextWindow>();
        (string Text, int[] Ids) last = ("", []);   // the options of a question stand behind the same text
        for (int i = 0; i < requests.Count; i++)
        {
            (string text, string continuation) = requests[i];
            string kept = text.TrimEnd(' ');
            continuation = text[kept.Length..] + continuation;
            if (last.Ids.Length == 0 || last.Text != kept)
            {
                last = (kept, kept.Length == 0 ? [First()] : Encode(kept));
            }

            int[] context = last.Ids, whole = kept.Length == 0 ? [First(), .. tokenizer.Encode(continuation)] : Encode(kept + continuation);
            Split(windows, i, context, whole.Length > context.Length ? whole[context.Length..] : []);
        }

        return windows;
    }

    private void Split(List<PlainTextWindow> windows, int request, int[] context, int[] continuation)
    {
        int room = contextLength + 1;
        if (context.Length + continuation.Length <= room)
        {
            windows.Add(new PlainTextWindow(request, context, continuation, 0));
        }
        else if (continuation.Length < room)
        {
            // The beginning-of-text id stays: without it the text would be read as none that the model knows.
            int keep = room - continuation.Length;
            int[] rest = bos is not null && keep > 1 ? [context[0], .. context[^(keep - 1)..]] : context[^keep..];
            windows.Add(new PlainTextWindow(request, rest, continuation, context.Length - keep));
        }
        else
        {
            // Each window reads as much as it can and scores what no window before it has.
            int[] all = [context[^1], .. continuation];
            for (int done = 1; done < all.Length;)
            {
                int end = Math.Min(all.Length, done + contextLength), start = Math.Max(0, end - room);
                windows.Add(new PlainTextWindow(request, all[start..done], all[done..end], done == 1 ? context.Length - 1 : 0));
                done = end;
            }
        }
    }

    private int First() => bos ?? tokenizer.BosId ?? tokenizer.EosId ?? throw new SafeTuneBedException(
        "A text without anything before it can't be scored: its first token has no probability, and the tokenizer has neither a beginning-of-text nor an end-of-text token. Give it a context.");
}
