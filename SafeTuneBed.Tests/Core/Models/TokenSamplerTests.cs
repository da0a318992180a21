using SafeTuneBed.Models;

namespace SafeTuneBed.Tests.Core.Models;

public sealed class TokenSamplerTests
{
    private static readonly float[] Logits = [1, 3, 2, 3, -1];

    [Theory]
    [InlineData(1.0, 0, 1.0, new[] { 0, 1, 2, 3, 4 })]
    [InlineData(0.5, 0, 1.0, new[] { 0, 1, 2, 3, 4 })]
    [InlineData(1.0, 3, 1.0, new[] { 1, 2, 3 })]
    [InlineData(1.0, 1, 1.0, new[] { 1 })]            // of equals the earlier id
    [InlineData(1.0, 0, 0.39, new[] { 1 })]           // id 1 has e^3 / (2 e^3 + e^2 + e + 1/e) = 0.397 of the mass
    [InlineData(1.0, 0, 0.42, new[] { 1, 3 })]
    [InlineData(1.0, 0, 0.82, new[] { 1, 2, 3 })]     // ids 1 and 3 have 0.793, so a third one is needed to reach 0.82
    [InlineData(1.0, 2, 0.5, new[] { 1 })]            // the nucleus of the two that are left: 0.5 each
    [InlineData(2.0, 4, 0.99, new[] { 0, 1, 2, 3 })]
    public void Draw_ManyTimes_HasTheSoftmaxOfWhatIsKept(double temperature, int topK, double topP, int[] kept)
    {
        var sampler = new TokenSampler(temperature, topK, topP);
        var counts = new double[Logits.Length];
        const int draws = 200_000;
        var stream = new SampleStream(11, 0);
        for (int i = 0; i < draws; i++)
        {
            counts[sampler.Draw(Logits, stream.Next())]++;
        }

        double total = kept.Sum(id => Math.Exp(Logits[id] / temperature));
        for (int id = 0; id < counts.Length; id++)
        {
            double expected = kept.Contains(id) ? Math.Exp(Logits[id] / temperature) / total : 0;
            double deviation = Math.Sqrt(expected * (1 - expected) / draws);
            Assert.InRange(counts[id] / draws, expected - (5 * deviation), expected + (5 * deviation));
        }
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.9999999999999999)]
    public void Draw_AtTheEdges_StaysWithinWhatIsKept(double uniform)
    {
        float[] tail = [0, -2000, 0, -2000];

        Assert.Equal(uniform == 0 ? 0 : 2, new TokenSampler(1, 0, 1).Draw(tail, uniform));
    }

    [Theory]
    [InlineData(-1000f, 0f, 0.0, 1)]   // a weight of 0 covers no number, not even the lower end
    [InlineData(0f, 0f, 0.0, 0)]
    [InlineData(0f, 0f, 0.5, 1)]       // a share ends before its upper bound, where the next one begins
    public void Draw_OnABound_TakesTheShareThatBeginsThere(float first, float second, double uniform, int expected)
        => Assert.Equal(expected, new TokenSampler(1, 0, 1).Draw([first, second], uniform));

    [Fact]
    public void Draw_AtTinyTemperature_IsGreedy()
        => Assert.Equal(2, new TokenSampler(1e-9, 0, 1).Draw([1, 2, 2.001f, -5], 0.7));

    [Fact]
    public void Draw_WithNucleus_EqualsASortOfEverything()
    {
        var random = new Random(1);
        for (int round = 0; round < 300; round++)
        {
            float[] logits = [.. Enumerable.Range(0, 50).Select(_ => (float)(random.NextDouble() * 8))];
            (double topP, double uniform) = (random.NextDouble(), random.NextDouble());
            double[] p = [.. logits.Select(l => Math.Exp(l))];
            var kept = new List<int>();
            foreach (int id in Enumerable.Range(0, 50).OrderByDescending(i => p[i]))
            {
                if (kept.Sum(k => p[k]) >= topP * p.Sum())
                {
                    break;
                }

                kept.Add(id);
            }

            kept.Sort();
            double target = uniform * kept.Sum(k => p[k]);
            int expected = kept.First(k => (target -= p[k]) < 0);
            Assert.Equal(expected, new TokenSampler(1, 0, topP).Draw(logits, uniform));
        }
    }

    [Fact]
    public void Stream_OfAPrompt_IsUniformAndItsOwn()
    {
        const int count = 100_000;
        double[] Numbers(ulong seed, ulong prompt)
        {
            var stream = new SampleStream(seed, prompt);
            return [.. Enumerable.Range(0, count).Select(_ => stream.Next())];
        }

        double[] a = Numbers(7, 3), b = Numbers(7, 4), c = Numbers(8, 3);

        Assert.Equal(a, Numbers(7, 3));
        foreach (double[] numbers in new[] { a, b, c })
        {
            Assert.All(numbers, u => Assert.InRange(u, 0, 1 - 1e-16));
            Assert.Equal(0.5, numbers.Average(), 5 / Math.Sqrt(12.0 * count));
            Assert.Equal(1 / 3.0, numbers.Average(u => u * u), 5 * Math.Sqrt(4 / 45.0 / count));
        }

        foreach (double[] other in new[] { b, c, [.. a.Skip(1), 0.5] })
        {
            double covariance = a.Zip(other, (x, y) => (x - 0.5) * (y - 0.5)).Average();
            Assert.Equal(0, covariance, 5 / 12.0 / Math.Sqrt(count));
        }
    }
}
