using SafeTuneBed.Models;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Text;

namespace SafeTuneBed.Tests.Core.Models;

/// <summary>Text and continuation are encoded as one text, whatever the vocabulary does with the blank between them.</summary>
public sealed class PlainTextTests
{
    private const string Question = "The sky is what color?\nA. red\nB. blue\nAnswer:";

    [Theory]
    [InlineData("sentencepiece_small")]
    [InlineData("sentencepiece_small_metaspace")]
    [InlineData("bytelevel_llama3_style")]
    public void Split_Options_AreTheIdsOfTheTextAsAWhole(string fixture)
    {
        var tokenizer = ModelTokenizer.Load(SharedFolder.Require("golden", "tokenizers", fixture));
        var plain = new PlainText(tokenizer, contextLength: 4096);
        foreach (string option in new[] { " A", " B", " blue and more" })
        {
            PlainTextWindow window = Assert.Single(plain.Split([(Question, option)]));
            Assert.Equal(plain.Encode(Question + option), window.Context.Concat(window.Continuation));
            Assert.Equal(plain.Encode(Question), window.Context);
            Assert.NotEmpty(window.Continuation);

            // A blank at the end of the text belongs to the word behind it.
            PlainTextWindow moved = Assert.Single(plain.Split([(Question + " ", option[1..])]));
            Assert.Equal(window.Context, moved.Context);
            Assert.Equal(window.Continuation, moved.Continuation);
        }
    }

    [Fact]
    public void Split_Windows_ScoreEachTokenOnceBehindAsManyAsFit()
    {
        var tokenizer = ModelTokenizer.Load(SharedFolder.Require("golden", "tokenizers", "sentencepiece_small"));
        string text = string.Join(' ', Enumerable.Repeat("one two three", 40));
        int[] whole = [.. new PlainText(tokenizer, 4096).Split([("", text)]).SelectMany(w => w.Continuation)];
        foreach (int length in new[] { 5, 16, 61 })
        {
            IReadOnlyList<PlainTextWindow> windows = new PlainText(tokenizer, length).Split([("", text)]);
            Assert.Equal(whole, windows.SelectMany(w => w.Continuation));
            Assert.All(windows, w => Assert.True(w.Context.Length >= 1 && w.Context.Length + w.Continuation.Length <= length + 1));
            Assert.All(windows.Skip(1), w => Assert.Equal(length + 1, w.Context.Length + w.Continuation.Length));
        }
    }
}
