using System.Security.Cryptography;
using System.Text;
using SafeTuneBed.Text.Tokenizing;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary>Normalization form C against hashes made with Python's <c>unicodedata</c> (Unicode 14.0), and against the standard's own examples.</summary>
public sealed class CanonicalCompositionTests
{
    private static readonly (int First, int Last)[] Ranges =
    [
        (0x20, 0x7E),
        (0xA0, 0x24F),
        (0x300, 0x36F),
        (0x590, 0x6FF),
        (0x900, 0xDFF),
        (0x1100, 0x11FF),
        (0x1DC0, 0x1FFF),
        (0x2126, 0x212B),
        (0x3040, 0x30FF),
        (0xAC00, 0xD7A3),
        (0xF900, 0xFAFF),
        (0x11080, 0x114FF),
        (0x1D150, 0x1D1C0),
        (0x2F800, 0x2FA1F),
    ];

    [Fact]
    public void Compose_EveryCodePointAmongMarks_EqualsReference()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int c = 0; c < 0x110000; c++)
        {
            if (c is < 0xD800 or > 0xDFFF)
            {
                string s = char.ConvertFromUtf32(c);
                hash.AppendData(Encoding.UTF8.GetBytes(CanonicalComposition.Compose("e" + s + "\u0323\u0301" + s + "a") + "\n"));
            }
        }

        Assert.Equal("09be5c460bf1349d1188c4217ef87e457b276e676e09781e9bdc24c0cf44ba72", Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    [Fact]
    public void Compose_ManyMixedTexts_EqualsReference()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        ulong state = 12345;
        for (int i = 0; i < 50_000; i++)
        {
            var text = new StringBuilder();
            for (int n = 1 + Next(10); n > 0; n--)
            {
                (int first, int last) = Ranges[Next(Ranges.Length)];
                text.Append(char.ConvertFromUtf32(first + Next(last - first + 1)));
            }

            hash.AppendData(Encoding.UTF8.GetBytes(CanonicalComposition.Compose(text.ToString()) + "\n"));
        }

        Assert.Equal("bfa4f9795939a106e37d34e811982a4310cc59ac58cfe489365d5d2761455dfe", Convert.ToHexStringLower(hash.GetHashAndReset()));

        int Next(int bound)
        {
            state = (state * 6364136223846793005) + 1442695040888963407;
            return (int)((state >> 33) % (ulong)bound);
        }
    }

    [Theory]
    [InlineData("\u212B A\u030A", "\u00C5 \u00C5")]
    [InlineData("\u1112\u1161\u11AB", "\uD55C")]
    [InlineData("s\u0307\u0323", "\u1E69")]
    [InlineData("\uFB01 plain", "\uFB01 plain")]
    [InlineData("\u0915\u093C \u0958", "\u0915\u093C \u0915\u093C")]
    public void Compose_ExamplesOfTheStandard_AsItSays(string text, string wanted) => Assert.Equal(wanted, CanonicalComposition.Compose(text));

    [Fact]
    public void Compose_MarkedText_IsTemplateOnlyWhereAllPartsAre()
    {
        var composed = CanonicalComposition.Compose(new MarkedText("xe\u0301e\u0301y", [true, true, true, true, false, true], false));
        Assert.Equal("x\u00E9\u00E9y", composed.Text);
        Assert.Equal([true, true, false, true], composed.Marks!);
    }
}
