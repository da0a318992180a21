using System.Buffers;
using System.Text;

namespace SafeTuneBed.Text.Tokenizing;

/// <summary>
/// GPT-2's printable alphabet for bytes (Radford et al. 2019): visible Latin-1 characters stand for themselves, the other 68 bytes for U+0100 and on,
/// in order. A blank is thus U+0120.
/// </summary>
internal static class ByteLevelAlphabet
{
    private static readonly char[] CharOfByte = MakeChars();
    private static readonly short[] ByteOfChar = MakeBytes();

    /// <summary>The character of a byte.</summary>
    public static char CharOf(byte value) => CharOfByte[value];

    /// <summary>The text's UTF-8 bytes, each as its character.</summary>
    public static string Encode(ReadOnlySpan<char> text)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        int count = Encoding.UTF8.GetBytes(text, bytes);
        string encoded = string.Create(count, bytes, static (chars, source) =>
        {
            for (int i = 0; i < chars.Length; i++)
            {
                chars[i] = CharOfByte[source[i]];
            }
        });
        ArrayPool<byte>.Shared.Return(bytes);
        return encoded;
    }

    /// <summary>Appends the bytes that a token stands for; a token with a character outside of the alphabet stands for its own UTF-8 bytes.</summary>
    public static void AppendBytes(string token, List<byte> bytes)
    {
        int before = bytes.Count;
        foreach (char c in token)
        {
            short value = c < ByteOfChar.Length ? ByteOfChar[c] : (short)-1;
            if (value < 0)
            {
                bytes.RemoveRange(before, bytes.Count - before);
                bytes.AddRange(Encoding.UTF8.GetBytes(token));
                return;
            }

            bytes.Add((byte)value);
        }
    }

    private static char[] MakeChars()
    {
        var chars = new char[256];
        int further = 0x100;
        for (int b = 0; b < 256; b++)
        {
            bool visible = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            chars[b] = (char)(visible ? b : further++);
        }

        return chars;
    }

    private static short[] MakeBytes()
    {
        var bytes = new short[0x100 + 68];
        Array.Fill(bytes, (short)-1);
        for (int b = 0; b < 256; b++)
        {
            bytes[CharOfByte[b]] = (short)b;
        }

        return bytes;
    }
}
