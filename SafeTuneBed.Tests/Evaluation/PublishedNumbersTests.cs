using System.Text.Json;
using SafeTuneBed.TaskAccuracy;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Evaluation;

/// <summary>The published ways to find the number of a worked answer, against what their own code gives.</summary>
public sealed class PublishedNumbersTests
{
    [Theory]
    [InlineData("She has 18 eggs.\n#### 18", "18", "18")]
    [InlineData("The answer is $1,234.50.", null, "1234.50")]
    [InlineData("#### 72.00", "72.00", "72.00")]
    [InlineData("", null, null)]
    [InlineData("The final answer is:  72", null, "72")]
    [InlineData("It costs 5. Then stop", null, "5")]
    [InlineData("I do not know ...", null, "..")]
    [InlineData("####72", null, "72")]
    [InlineData("#### -5", "-5", "-5")]
    [InlineData("x #### 5\n#### 7", "5", "7")]
    [InlineData("The result is 3/4", null, "4")]
    [InlineData("Total: 1,5", null, "15")]
    [InlineData("\u22125", null, "5")]
    [InlineData("#### $18", null, "18")]
    [InlineData("The final answer is: 18 apples out of 20", null, "20")]
    [InlineData("1e3", null, "3")]
    [InlineData("#### 1,000,000.", "1000000", "1000000")]
    public void HarnessFilters_OfOneAnswer_GiveTheReferenceText(string answer, string? strict, string? flexible) =>
        Assert.Equal((strict, flexible), (PublishedNumbers.Strict(answer), PublishedNumbers.Flexible(answer)));

    [Theory]
    [InlineData("The final answer is: 18 apples out of 20", 18.0)]
    [InlineData("20 of them. The final answer is: none", 20.0)]
    [InlineData("The final answer is:  72", 72.0)]
    [InlineData("It is 1,234.50", 1234.5)]
    [InlineData("no number", null)]
    public void Lisa_OfOneAnswer_IsTheFirstNumberBehindThePhrase(string answer, double? number) => Assert.Equal(number, PublishedNumbers.Lisa(answer));

    [Fact]
    public void Golds_AgainstThemselves_AreAllRight()
    {
        foreach ((string file, int rows) in new[] { ("test.jsonl", 1_319), ("train.jsonl", 7_473) })
        {
            string[] golds = [.. File.ReadLines(SharedFolder.Require("data", "gsm8k", file)).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("answer").GetString()!)];
            Assert.Equal(rows, golds.Length);
            Assert.All(golds, g => Assert.True(PublishedNumbers.IsRightByStrict(g, g)));
            Assert.All(golds.Select(g => g.Replace("####", "The final answer is: ", StringComparison.Ordinal)), g => Assert.True(PublishedNumbers.IsRightByLisa(g, g)));
        }

        Assert.False(PublishedNumbers.IsRightByLisa("no number", "nor here"));
    }
}
