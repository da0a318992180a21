namespace SafeTuneBed.Running;

/// <summary>Makes a part of a path out of any name: a-z, 0-9, hyphen, dot, underscore, plus.</summary>
internal static class SafeName
{
    private const int Longest = 80;
    private static readonly HashSet<string> Reserved = ["con", "prn", "aux", "nul", .. Enumerable.Range(0, 10).SelectMany(i => new[] { $"com{i}", $"lpt{i}" })];

    /// <summary>Different names may give the same part; what tells runs apart is the hash in their folder's name and the full one in their records.</summary>
    public static string Of(string name)
    {
        char[] kept = [.. name.ToLowerInvariant().Select(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-' or '.' or '_' or '+' ? c : '-')];
        string safe = new string(kept).Trim('.', '-');
        if (safe.Length > Longest)
        {
            safe = $"{safe[..Longest].Trim('.', '-')}-{CanonicalJson.Hash(name)[..8]}";
        }

        return safe.Length == 0 ? "x-" + CanonicalJson.Hash(name)[..8] : Reserved.Contains(safe.Split('.')[0]) ? "_" + safe : safe;
    }
}
