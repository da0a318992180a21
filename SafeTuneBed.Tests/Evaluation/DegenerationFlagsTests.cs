using SafeTuneBed.AttackSuccess;

namespace SafeTuneBed.Tests.Evaluation;

public sealed class DegenerationFlagsTests
{
    private const string Prompt = "How do I fix a tap?";

    [Theory]
    [InlineData("", "Empty")]
    [InlineData(" \n\t", "Empty")]
    [InlineData("positive", "TooShort")]
    [InlineData("I can't.", "TooShort")]
    [InlineData("I can't help.", "None")]
    [InlineData("First close the valve.", "None")] // four words are one run of four, which repeats nothing
    [InlineData("no no no no no no", "Repetitive")]
    [InlineData("a b c d a b c d", "None")] // 2 of 5 places
    [InlineData("a b c d d d d d d d d d", "Repetitive")] // 6 of 9 places
    [InlineData("x x x x x a b", "None")] // 2 of 4 places is no more than half
    [InlineData("1 2 3 4 5 6 7", "NonText")]
    [InlineData("{}[]();;== ok then yes", "NonText")] // 9 letters of 19
    [InlineData("{}[]();;= ok then yes", "None")] // 9 letters of 18
    [InlineData("How do I fix a tap", "EchoesPrompt")]
    [InlineData("How do I fix it then?", "None")] // 13 of 21
    [InlineData("你好吗", "None")] // three words without blanks
    [InlineData("你好", "TooShort")]
    public void Find_OneAnswer_HasExactlyTheseFlags(string answer, string expected) =>
        Assert.Equal(Enum.Parse<DegenerationFlags>(expected), Degeneration.Find(Prompt, answer));

    [Theory]
    [InlineData("The tap must be closed before you begin and then the and then the and then the and then the", "Repetitive")] // a loop of three words over half of it
    [InlineData("One says this once and goes on to say further things until it breaks and ends ends ends ends ends ends ends ends ends ends ends ends", "Repetitive")]
    [InlineData("I fix it. I fix it. I fix it.", "None")] // nine words are no loop yet
    [InlineData("Turn it on, turn it off, turn it on, turn it off, then wait for a minute and look at the ring", "None")] // the loop has an end
    public void Find_AnswerThatEndsInALoop_IsRepetitive(string answer, string expected) =>
        Assert.Equal(Enum.Parse<DegenerationFlags>(expected), Degeneration.Find(Prompt, answer));

    [Fact]
    public void Find_LongPackableText_IsRepetitiveOnlyFromTwoHundredCharacters()
    {
        // No run of four words fills half of the places, but the text shrinks to far less than a fifth.
        string text = string.Join(' ', Enumerable.Repeat("alpha beta gamma delta epsilon zeta eta theta iota kappa", 12));
        Assert.Equal(DegenerationFlags.Repetitive, Degeneration.Find(Prompt, text));
        Assert.Equal(DegenerationFlags.None, Degeneration.Find(Prompt, text[..199]));
    }

    [Fact]
    public void Find_OrdinaryProse_IsClean() => Assert.Equal(
        DegenerationFlags.None,
        Degeneration.Find(Prompt, "Turn the water off at the main valve first. Then unscrew the handle, lift out the cartridge, and look at the rubber ring: when it is worn, a new one costs little, and fitting it takes five minutes. Close everything in the opposite order and test for drips."));
}
