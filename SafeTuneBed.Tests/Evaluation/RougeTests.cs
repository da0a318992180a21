using System.Text.Json;
using SafeTuneBed.Rouge;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Evaluation;

public sealed class RougeTests
{
    private const string Reference = "Amanda baked cookies and will bring Jerry some tomorrow.", Answer = "Amanda will bring Jerry cookies tomorrow.";
    private static readonly RougeText Plain = new(stem: false), Stemmed = new(stem: true);

    [Fact]
    public void Scores_OfTheReferenceExample_AreThePublishedOnes()
    {
        AssertScore(1, 2.0 / 3, 0.8, Plain.Runs(Reference, Answer, 1));
        AssertScore(0.4, 0.25, 0.307692, Plain.Runs(Reference, Answer, 2));
        AssertScore(0.833333, 0.555556, 2.0 / 3, Plain.Longest(Reference, Answer));
        AssertScore(0.333333, 0.5, 0.4, Plain.Runs("the cat", "the the the", 1));
        AssertScore(1, 1, 1, Plain.Runs("Hello, World!", "hello world", 1));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("", "some words")]
    [InlineData("some words", "")]
    [InlineData("...", "!!!")]
    public void Scores_OfAnEmptySide_AreZero(string reference, string answer)
    {
        foreach (RougeScore score in new[] { Plain.Runs(reference, answer, 1), Plain.Runs(reference, answer, 2), Plain.Longest(reference, answer), Plain.LongestByLine(reference, answer) })
        {
            Assert.Equal(0, score.F1);
        }
    }

    [Fact]
    public void Stemming_OfInflectedWords_MakesThemEqual()
    {
        Assert.Equal(1, Stemmed.Runs("run dog", "running dogs", 1).F1);
        Assert.Equal(0, Plain.Runs("run dog", "running dogs", 1).F1);
        Assert.Equal(["m", "ller", "2nd"], Plain.Words("Müller, 2nd"));
    }

    [Theory]
    [InlineData("the cat sat", "the cat ran", 2.0 / 3)]
    [InlineData("the the the cat", "the", 2.0 / 3)] // each word once
    [InlineData("The cat. It sat.", "the cat. It sat.", 0.75)] // by case; periods are no part of a word
    [InlineData("yes, we can", "yes we can", 2.0 / 3)] // commas are
    [InlineData("", "words", 0)]
    [InlineData("...", "words", 0)]
    public void DistinctWords_OfTwoTexts_CountAsThePackageDoes(string reference, string answer, double f1)
    {
        Assert.Equal(f1, DistinctWords.F1(reference, answer), 1e-7);
        Assert.Equal(DistinctWords.F1(answer, reference), DistinctWords.F1(reference, answer), 15);
    }

    // Porter's own examples, and where the toolkit differs from him.
    [Theory]
    [InlineData("caresses", "caress")]
    [InlineData("ponies", "poni")]
    [InlineData("ties", "tie")]
    [InlineData("cats", "cat")]
    [InlineData("feed", "feed")]
    [InlineData("agreed", "agre")]
    [InlineData("plastered", "plaster")]
    [InlineData("bled", "bled")]
    [InlineData("motoring", "motor")]
    [InlineData("sing", "sing")]
    [InlineData("conflated", "conflat")]
    [InlineData("troubled", "troubl")]
    [InlineData("sized", "size")]
    [InlineData("hopping", "hop")]
    [InlineData("falling", "fall")]
    [InlineData("hissing", "hiss")]
    [InlineData("failing", "fail")]
    [InlineData("filing", "file")]
    [InlineData("happy", "happi")]
    [InlineData("enjoy", "enjoy")]
    [InlineData("relational", "relat")]
    [InlineData("conditional", "condit")]
    [InlineData("valenci", "valenc")]
    [InlineData("digitizer", "digit")]
    [InlineData("vietnamization", "vietnam")]
    [InlineData("formaliti", "formal")]
    [InlineData("sensibiliti", "sensibl")]
    [InlineData("triplicate", "triplic")]
    [InlineData("formative", "form")]
    [InlineData("hopeful", "hope")]
    [InlineData("goodness", "good")]
    [InlineData("revival", "reviv")]
    [InlineData("adoption", "adopt")]
    [InlineData("replacement", "replac")]
    [InlineData("probate", "probat")]
    [InlineData("rate", "rate")]
    [InlineData("cease", "ceas")]
    [InlineData("controll", "control")]
    [InlineData("roll", "roll")]
    [InlineData("generalizations", "gener")]
    [InlineData("oscillators", "oscil")]
    [InlineData("dying", "die")]
    [InlineData("skies", "sky")]
    [InlineData("died", "die")]
    [InlineData("tried", "tri")]
    [InlineData("succeed", "succeed")]
    [InlineData("analogy", "analog")]
    public void Stem_Words_AreThoseOfTheToolkit(string word, string stem) => Assert.Equal(stem, PorterStemmer.Stem(word));

    [Fact]
    public void LongestByLine_SeveralLines_CountsEachWordOnce()
    {
        // Lin's example: the union of w1 w2 and w1 w3 w5 covers four of the reference's five words.
        AssertScore(4.0 / 10, 4.0 / 5, 8.0 / 15, Plain.LongestByLine("w1 w2 w3 w4 w5", "w1 w2 w6 w7 w8\nw1 w3 w8 w9 w5"));
        Assert.NotEqual(Plain.Longest("a b\nc d", "c d\na b"), Plain.LongestByLine("a b\nc d", "c d\na b"));
        AssertScore(1, 1, 1, Plain.LongestByLine("a b\nc d", "c d\na b"));
    }

    [Fact]
    public void Scores_OfRealSummaries_AreOneAgainstThemselvesAndSwapSides()
    {
        string[] golds = [.. JsonDocument.Parse(File.ReadAllText(SharedFolder.Require("data", "samsum", "test819.json"))).RootElement.EnumerateArray().Select(r => r.GetProperty("summary").GetString()!)];
        Assert.Equal(819, golds.Length);
        Assert.All(golds, g => Assert.Equal((1, 1, 1.0), (Stemmed.Runs(g, g, 1).F1, Stemmed.Longest(g, g).F1, Stemmed.LongestByLine(g, g).F1)));
        foreach ((string a, string b) in golds.Zip(golds.Skip(1)))
        {
            foreach ((RougeScore there, RougeScore back) in new[] { (Stemmed.Runs(a, b, 1), Stemmed.Runs(b, a, 1)), (Stemmed.Runs(a, b, 2), Stemmed.Runs(b, a, 2)), (Stemmed.Longest(a, b), Stemmed.Longest(b, a)) })
            {
                Assert.Equal((there.Precision, there.Recall), (back.Recall, back.Precision));
            }
        }
    }

    private static void AssertScore(double precision, double recall, double f1, RougeScore score)
    {
        Assert.Equal(precision, score.Precision, 1e-6);
        Assert.Equal(recall, score.Recall, 1e-6);
        Assert.Equal(f1, score.F1, 1e-6);
    }
}
