using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace SafeTuneBed.Data;

/// <summary>
/// Tokens of whole corpora on disk, a file each, named by a hash of everything that decides them: rows in order, template, tokenizer, length, policy. A file is
/// verified on reading by its own hash; one that fails is made anew.
/// </summary>
/// <param name="folder">Where the files are.</param>
internal sealed class TokenCache(string folder)
{
    private const int HashBytes = 32;
    private const byte Absent = 0, TooLong = 1, Whole = 2, OverLength = 3, Truncated = 4;

    private static readonly byte[] Magic = "STBTOK1\n"u8.ToArray();

    /// <summary>Key of the rows' encodings.</summary>
    public static string KeyOf(IReadOnlyList<FinetuneExample> rows, string encoder)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Add(string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }

        Add(encoder);
        foreach (FinetuneExample row in rows)
        {
            Add(row.RecordId);
            Add(row.System is { } system ? "+" + system : "");
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The encodings of the rows; null when there are none, or they are damaged.</summary>
    public IReadOnlyDictionary<ExampleOrigin, EncodedExample>? Read(string key, IReadOnlyList<FinetuneExample> rows)
    {
        string path = PathOf(key);
        if (!File.Exists(path))
        {
            return null;
        }

        byte[] bytes = File.ReadAllBytes(path);
        int head = Magic.Length + HashBytes;
        if (bytes.Length < head + HashBytes || !bytes.AsSpan(0, Magic.Length).SequenceEqual(Magic)
            || !bytes.AsSpan(Magic.Length, HashBytes).SequenceEqual(Convert.FromHexString(key))
            || !SHA256.HashData(bytes.AsSpan(0, bytes.Length - HashBytes)).AsSpan().SequenceEqual(bytes.AsSpan(bytes.Length - HashBytes)))
        {
            return null;
        }

        var encodings = new Dictionary<ExampleOrigin, EncodedExample>(rows.Count);
        ReadOnlySpan<byte> rest = bytes.AsSpan(head, bytes.Length - head - HashBytes);
        foreach (FinetuneExample row in rows)
        {
            byte kind = rest[0];
            rest = rest[1..];
            if (kind == TooLong)
            {
                encodings.Add(row.Origin, new EncodedExample(null, true));
            }
            else if (kind != Absent)
            {
                int prompt = BinaryPrimitives.ReadInt32LittleEndian(rest), length = BinaryPrimitives.ReadInt32LittleEndian(rest[4..]);
                int[] ids = new int[length];
                for (int i = 0; i < length; i++)
                {
                    ids[i] = BinaryPrimitives.ReadInt32LittleEndian(rest[(8 + (4 * i))..]);
                }

                rest = rest[(8 + (4 * length))..];
                var tokens = new TokenizedExample { RowId = 0, InputIds = ids, PromptTokenCount = prompt, Role = row.Role, RecordId = row.RecordId, Truncated = kind == Truncated };
                encodings.Add(row.Origin, new EncodedExample(tokens, kind != Whole));
            }
        }

        return encodings;
    }

    /// <summary>Keeps the encodings; written beside and renamed, so that no half file is ever read.</summary>
    /// <exception cref="ConfigurationException">The folder can't be written.</exception>
    public void Write(string key, IReadOnlyList<FinetuneExample> rows, IReadOnlyDictionary<ExampleOrigin, EncodedExample> encodings)
    {
        using var buffer = new MemoryStream();
        buffer.Write(Magic);
        buffer.Write(Convert.FromHexString(key));
        Span<byte> number = stackalloc byte[sizeof(int)];
        foreach (FinetuneExample row in rows)
        {
            if (!encodings.TryGetValue(row.Origin, out EncodedExample encoding))
            {
                buffer.WriteByte(Absent);
                continue;
            }

            if (encoding.Tokens is not { } tokens)
            {
                buffer.WriteByte(TooLong);
                continue;
            }

            buffer.WriteByte(tokens.Truncated ? Truncated : encoding.IsOverLength ? OverLength : Whole);
            foreach (int value in (ReadOnlySpan<int>)[tokens.PromptTokenCount, tokens.InputIds.Length, .. tokens.InputIds])
            {
                BinaryPrimitives.WriteInt32LittleEndian(number, value);
                buffer.Write(number);
            }
        }

        buffer.Write(SHA256.HashData(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)));
        string path = PathOf(key), beside = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllBytes(beside, buffer.ToArray());
            File.Move(beside, path, overwrite: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"The token cache {folder} can't be written: {fault.Message} Give UseTokenCache another folder, or leave it out.", fault);
        }
    }

    private string PathOf(string key) => Path.Combine(folder, key[..32] + ".tokens");
}
