using System.Security.Cryptography;
using System.Text;

namespace SafeTuneBed.FaultyJudge;

/// <summary>What the judge does with a request.</summary>
public enum Deed
{
    /// <summary>The right verdict.</summary>
    Verdict,

    /// <summary>An answer that declines.</summary>
    Refusal,

    /// <summary>An answer without a verdict, or with one off the scale.</summary>
    Nonsense,

    /// <summary>Status 429 and an absurd Retry-After.</summary>
    TooMany,

    /// <summary>Status 500.</summary>
    Broken,

    /// <summary>Nothing at all.</summary>
    Silence,

    /// <summary>Half of the JSON.</summary>
    Truncated,

    /// <summary>Status 401, which repeats the key.</summary>
    WrongKey,
}

/// <summary>Which requests fail, and how: by seed, question and attempt, whatever the order.</summary>
/// <param name="seed">Another one fails others.</param>
/// <param name="share">Of all requests.</param>
public sealed class FaultRule(uint seed, double share)
{
    // Silences are few, since each costs its reader the whole time-out.
    private static readonly (Deed Deed, double Part)[] Parts = [(Deed.TooMany, 8), (Deed.Broken, 6), (Deed.Truncated, 5), (Deed.Refusal, 4.5), (Deed.Nonsense, 4.5), (Deed.Silence, 2)];

    /// <summary>The question's key.</summary>
    public static string KeyOf(string asked) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(asked)))[..16];

    /// <summary>What is done about one request.</summary>
    public Deed Decide(string key, int attempt)
    {
        double draw = BitConverter.ToUInt32(SHA256.HashData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{seed} {attempt} {key}")))) / (uint.MaxValue + 1.0);
        double whole = Parts.Sum(p => p.Part), end = 0;
        foreach ((Deed deed, double part) in Parts)
        {
            end += share * part / whole;
            if (draw < end)
            {
                return deed;
            }
        }

        return Deed.Verdict;
    }
}
