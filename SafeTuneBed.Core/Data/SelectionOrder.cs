using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace SafeTuneBed.Data;

/// <summary>
/// The order in which rows are chosen and laid out: by a hash of their content, so that it is the same on every machine and for every order of
/// the file, independent between roles, and nested (the first k are among the first k + 1).
/// </summary>
internal static class SelectionOrder
{
    /// <summary>Name of the rule, recorded in manifests. Whoever changes the keys must change it.</summary>
    public const string Rule = "stb1";

    /// <summary>The role name of the final order.</summary>
    public const string FinalOrder = "order";

    /// <summary>First 8 bytes, big-endian, of SHA-256 over <c>stb1|seed|role|corpus|record|occurrence</c>.</summary>
    public static ulong Key(ulong seed, string role, string corpus, string recordId, long occurrence) =>
        Hash(string.Create(CultureInfo.InvariantCulture, $"{Rule}|{seed}|{role}|{corpus}|{recordId}|{occurrence}"));

    /// <summary>Part 0 to <paramref name="of"/> - 1 that a request belongs to.</summary>
    public static int Part(ulong seed, int of, string promptKey) =>
        (int)(Hash(string.Create(CultureInfo.InvariantCulture, $"{Rule}|{seed}|part|{promptKey}")) % (ulong)of);

    /// <summary>Positions of the rows in the order of their keys; equal keys keep their order.</summary>
    public static int[] Permute(IReadOnlyList<FinetuneExample> rows, ulong seed, string role, Func<FinetuneExample, string> corpus)
    {
        var occurrences = new Dictionary<(string, string), long>();
        ulong[] keys = new ulong[rows.Count];
        int[] order = new int[rows.Count];
        for (int i = 0; i < keys.Length; i++)
        {
            (string, string) record = (corpus(rows[i]), rows[i].RecordId);
            occurrences.TryGetValue(record, out long occurrence);
            occurrences[record] = occurrence + 1;
            keys[i] = Key(seed, role, record.Item1, record.Item2, occurrence);
            order[i] = i;
        }

        Array.Sort(order, (a, b) => keys[a] != keys[b] ? keys[a].CompareTo(keys[b]) : a.CompareTo(b));
        return order;
    }

    private static ulong Hash(string text)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), digest);
        return BinaryPrimitives.ReadUInt64BigEndian(digest);
    }
}
