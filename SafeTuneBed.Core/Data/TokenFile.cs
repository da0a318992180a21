using System.Security.Cryptography;

namespace SafeTuneBed.Data;

/// <summary>
/// Encodings of a corpus in one file, streamed both ways: a head, a key, the rows in order, and the hash of all of that. Nothing of a file counts before the
/// whole of it was verified.
/// </summary>
internal static class TokenFile
{
    private const int HashBytes = 32;
    private const byte Absent = 0, TooLong = 1, Whole = 2, OverLength = 3, Truncated = 4;

    private static readonly byte[] Magic = "STBTOK1\n"u8.ToArray();

    /// <summary>Writes all rows that have an encoding, and a mark for each that has none.</summary>
    public static void Write(string path, byte[] key, IReadOnlyList<FinetuneExample> rows, IReadOnlyDictionary<ExampleOrigin, EncodedExample> encodings)
    {
        using var sha = SHA256.Create();
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16);
        using (var hashed = new CryptoStream(file, sha, CryptoStreamMode.Write, leaveOpen: true))
        using (var writer = new BinaryWriter(new BufferedStream(hashed, 1 << 16)))
        {
            writer.Write(Magic);
            writer.Write(key);
            foreach (FinetuneExample row in rows)
            {
                Write(writer, encodings.TryGetValue(row.Origin, out EncodedExample encoding) ? encoding : null);
            }
        }

        file.Write(sha.Hash!);
    }

    /// <summary>The encodings of the rows; null when the file is damaged or of other rows.</summary>
    public static IReadOnlyDictionary<ExampleOrigin, EncodedExample>? Read(string path, byte[] key, IReadOnlyList<FinetuneExample> rows)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
        if (!IsWhole(file))
        {
            return null;
        }

        file.Position = 0;
        using var reader = new BinaryReader(file);
        if (!reader.ReadBytes(Magic.Length).AsSpan().SequenceEqual(Magic) || !reader.ReadBytes(HashBytes).AsSpan().SequenceEqual(key))
        {
            return null;
        }

        var encodings = new Dictionary<ExampleOrigin, EncodedExample>(rows.Count);
        foreach (FinetuneExample row in rows)
        {
            if (Read(reader, row) is { } encoding)
            {
                encodings.Add(row.Origin, encoding);
            }
        }

        return encodings;
    }

    private static bool IsWhole(FileStream file)
    {
        long body = file.Length - HashBytes;
        if (body < Magic.Length + HashBytes)
        {
            return false;
        }

        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 16];
        for (int read; body > 0; body -= read)
        {
            read = file.Read(buffer, 0, (int)Math.Min(buffer.Length, body));
            if (read == 0)
            {
                return false;
            }

            hash.AppendData(buffer, 0, read);
        }

        byte[] stated = new byte[HashBytes];
        return file.ReadAtLeast(stated, HashBytes, throwOnEndOfStream: false) == HashBytes && hash.GetHashAndReset().AsSpan().SequenceEqual(stated);
    }

    private static void Write(BinaryWriter writer, EncodedExample? encoding)
    {
        if (encoding is not { } known)
        {
            writer.Write(Absent);
        }
        else if (known.Tokens is not { } tokens)
        {
            writer.Write(TooLong);
        }
        else
        {
            writer.Write(tokens.Truncated ? Truncated : known.IsOverLength ? OverLength : Whole);
            writer.Write(tokens.PromptTokenCount);
            writer.Write(tokens.InputIds.Length);
            Array.ForEach(tokens.InputIds, writer.Write);
        }
    }

    private static EncodedExample? Read(BinaryReader reader, FinetuneExample row)
    {
        byte kind = reader.ReadByte();
        if (kind is Absent or TooLong)
        {
            return kind == Absent ? null : new EncodedExample(null, true);
        }

        int prompt = reader.ReadInt32();
        int[] ids = new int[reader.ReadInt32()];
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = reader.ReadInt32();
        }

        var tokens = new TokenizedExample { RowId = 0, InputIds = ids, PromptTokenCount = prompt, Role = row.Role, RecordId = row.RecordId, Truncated = kind == Truncated };
        return new EncodedExample(tokens, kind != Whole);
    }
}
